import type { Sql } from "../../external/postgres/postgres.ts";

export type Relation = {
  schema_name: string;
  table_name: string;
  oid: number;
  type: "table" | "materialized view" | "view" | "foreign table";
  comment: string | null;
  of_extension: boolean;
  columns: string; // a hash of their names and types
  /** Rows inserted, updated and deleted, up to 10 s late; for a view, in its tables. */
  counter: number;
  bytes: number;
  stored_rows: number; // by the statistics, also those that row level security hides
  row_security: boolean; // holds for the reader
  populated: boolean;
  writing: boolean; // an open transaction writes to it
  locked: boolean; // an open transaction keeps readers out, as after TRUNCATE
  readable: boolean;
};

/** Partitions count as their parent, views by their tables. Without statistics, the counter changes once an hour. */
export async function relationsIn(reader: Sql): Promise<Relation[]> {
  return await reader<Relation[]>`
    select n.nspname::text as schema_name, c.relname::text as table_name, c.oid::int8 as oid,
      case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
        when 'f' then 'foreign table' else 'table' end as type,
      pg_catalog.obj_description(c.oid, 'pg_class') as comment,
      exists (select from pg_catalog.pg_depend e where e.deptype = 'e' and e.objid = c.oid
        and e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass) as of_extension,
      s.counter::int8 + case when c.relkind <> 'v' then 0 else v.definition + case
        when s.counted then 0 else pg_catalog.date_part('epoch', pg_catalog.now())::int8 / 3600 end
      end as counter,
      s.bytes::int8, s.stored_rows::int8, s.writing, s.locked, c.relispopulated as populated,
      pg_catalog.row_security_active(c.oid) as row_security,
      pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        and pg_catalog.has_table_privilege(c.oid, 'SELECT') as readable,
      (select pg_catalog.md5(pg_catalog.string_agg(
          a.attname || ' ' || a.atttypid || ' ' || a.atttypmod, ',' order by a.attnum))
        from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      cross join lateral (
        select coalesce(sum(pg_catalog.hashtext(r.ev_action::text)), 0)::int8 as definition
        from pg_catalog.pg_rewrite r where c.relkind = 'v' and r.ev_class = c.oid
      ) v
      cross join lateral (${statisticsOf(reader)}) s
    where c.relkind in ('r', 'p', 'm', 'v', 'f') and not c.relispartition
      and c.relpersistence <> 't'
      and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    order by 1, 2`;
}

const statisticsOf = (reader: Sql) =>
  reader`
    select
      coalesce(sum(pg_catalog.pg_stat_get_tuples_inserted(p.relid)
        + pg_catalog.pg_stat_get_tuples_updated(p.relid)
        + pg_catalog.pg_stat_get_tuples_deleted(p.relid)), 0) as counter,
      coalesce(sum(pg_catalog.pg_stat_get_live_tuples(p.relid)), 0) as stored_rows,
      coalesce(sum(case when not l.locked then pg_catalog.pg_relation_size(p.relid) end), 0)
        as bytes,
      coalesce(bool_or(k.relkind in ('r', 'm')) and not bool_or(k.relkind = 'f'), false)
        as counted,
      coalesce(bool_or(l.writing), false) as writing,
      coalesce(bool_or(l.locked), false) as locked
    from (${treeOf(reader)}) p
    join pg_catalog.pg_class k on k.oid = p.relid
    cross join lateral (
      select count(*) > 0 as writing,
        coalesce(bool_or(mode = 'AccessExclusiveLock'), false) as locked
      from pg_catalog.pg_locks
      where relation = p.relid and granted and pid <> pg_catalog.pg_backend_pid()
        and database = (select oid from pg_catalog.pg_database
          where datname = pg_catalog.current_database())
        and mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
          'AccessExclusiveLock')
    ) l`;

/** `c`, its children, and the tables of a view; pg_partition_tree() would wait for locks. */
const treeOf = (reader: Sql) =>
  reader`
    with recursive tree (relid) as (
      select c.oid
      union
      select below.relid from tree cross join lateral (
        select i.inhrelid as relid from pg_catalog.pg_inherits i where i.inhparent = tree.relid
        union all
        select d.refobjid from pg_catalog.pg_class w
          join pg_catalog.pg_rewrite r on r.ev_class = w.oid
          join pg_catalog.pg_depend d on d.objid = r.oid
            and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          where w.oid = tree.relid and w.relkind = 'v'
      ) below
    )
    select relid from tree`;
