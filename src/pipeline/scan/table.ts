import { quoteName } from "../../measures/sql.ts";
import type { Sql } from "../../external/postgres/postgres.ts";

export type FoundTable = {
  schema_name: string;
  table_name: string;
  oid: number;
  columns: string; // a hash of their names and types
  counter: number; // rows ever inserted, updated and deleted; up to 10 s late
  bytes: number;
  writing: boolean; // a transaction that has not ended yet writes to it
  locked: boolean; // and lets nobody read it, as one that has truncated it
  readable: boolean;
};

/**
 * The tables of a user's database: every schema but the system's; partitions count as their parent;
 * no views, foreign and temporary tables.
 */
export async function tablesIn(reader: Sql): Promise<FoundTable[]> {
  return await reader<FoundTable[]>`
    select n.nspname::text as schema_name, c.relname::text as table_name, c.oid::int8 as oid,
      s.counter::int8, s.bytes::int8, s.writing, s.locked,
      pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        and pg_catalog.has_table_privilege(c.oid, 'SELECT') as readable,
      (select pg_catalog.md5(pg_catalog.string_agg(
          a.attname || ' ' || a.atttypid || ' ' || a.atttypmod, ',' order by a.attnum))
        from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      cross join lateral (
        select
          coalesce(sum(pg_catalog.pg_stat_get_tuples_inserted(p.relid)
            + pg_catalog.pg_stat_get_tuples_updated(p.relid)
            + pg_catalog.pg_stat_get_tuples_deleted(p.relid)), 0) as counter,
          coalesce(sum(case when not l.locked then pg_catalog.pg_relation_size(p.relid) end), 0)
            as bytes,
          coalesce(bool_or(l.writing), false) as writing,
          coalesce(bool_or(l.locked), false) as locked
        from (
          -- pg_partition_tree() would wait for a partition that is locked.
          with recursive tree (relid) as (
            select c.oid
            union
            select i.inhrelid from tree join pg_catalog.pg_inherits i on i.inhparent = tree.relid
          )
          select relid from tree
        ) p
        cross join lateral (
          select count(*) > 0 as writing,
            coalesce(bool_or(mode = 'AccessExclusiveLock'), false) as locked
          from pg_catalog.pg_locks
          where relation = p.relid and granted and pid <> pg_catalog.pg_backend_pid()
            and database = (select oid from pg_catalog.pg_database
              where datname = pg_catalog.current_database())
            and mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
              'AccessExclusiveLock')
        ) l
      ) s
    where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
      and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
    order by 1, 2`;
}

/** Above this size a table's statistics stand for its content: reading 256 MiB takes about half a second. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * What stands in a table, in short: its number, columns, rows, and the sum of the transactions that
 * wrote them. An insert or update raises the sum, a delete lowers the count; freezing, VACUUM FULL and
 * a roll-back leave both.
 */
export async function contentOf(reader: Sql, table: FoundTable) {
  const name = `${quoteName(table.schema_name)}.${quoteName(table.table_name)}`;
  const shape = `${table.oid}:${table.columns}`;
  if (table.bytes > MOST_BYTES) {
    const [first] = await reader.unsafe(`select 1 from ${name} limit 1`);
    const rows = first ? await estimatedRows(reader, table) : 0;
    return { rows, content: `${shape}:~${table.bytes}:${table.counter}` };
  }
  const [sum] = await reader.unsafe<{ rows: number; written: string }[]>(`
    select count(*) as rows, coalesce(sum(xmin::text::int8), 0)::text as written from ${name}`);
  return { rows: sum!.rows, content: `${shape}:${sum!.rows}:${sum!.written}` };
}

/** What the statistics say of a large table's rows; at least 1. */
async function estimatedRows(reader: Sql, { oid }: FoundTable): Promise<number> {
  const [row] = await reader<{ rows: number }[]>`
    select coalesce(sum(pg_catalog.pg_stat_get_live_tuples(relid)), 0)::int8 as rows
    from (
      select ${oid}::oid as relid
      union select relid from pg_catalog.pg_partition_tree(${oid}::oid)
    ) t`;
  return Math.max(1, row!.rows);
}
