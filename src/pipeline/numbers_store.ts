import type { Db } from "../external/postgres/postgres.ts";
import type { KeptNumber } from "../measures/course.ts";
import type { Kept, RunNumbers, Summary } from "../measures/summary.ts";

type Run = { id: number; run: number };

/** Saves the newest run's numbers and keeps those of recent runs. `error`: why there are none. */
export async function saveNumbers(
  db: Db,
  { id, run }: Run,
  { numbers, why, run_names, runs }: Summary,
  error: string | null = null,
): Promise<void> {
  await db`
    update runs set numbers = ${JSON.stringify(numbers)}::text::jsonb, why = ${why},
      run_names = ${JSON.stringify(run_names)}::text::jsonb, numbers_error = ${error},
      numbers_at = coalesce(numbers_at, now())
    where dashboard_id = ${id} and run = ${run}`;
  const designs = [...new Set(numbers.flatMap(({ group }) => group ?? []))];
  await db`update dashboards set designs = ${designs} where id = ${id}`;
  const rows = runs.flatMap((found) =>
    found.numbers.map((number) => ({
      ...number,
      group_name: found.group ?? "",
      run_name: found.run ?? `run ${run}`,
    }))
  );
  await db`
    insert into run_numbers (dashboard_id, group_name, run_name, name, value, unit, sure, run)
    select distinct on (group_name, run_name, name)
      ${id}, group_name, run_name, name, value, unit, coalesce(sure, true), ${run}
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
      as n (group_name text, run_name text, name text, value float8, unit text, sure boolean)
    on conflict (dashboard_id, group_name, run_name, name) do update
    set value = excluded.value, unit = excluded.unit, sure = excluded.sure, run = excluded.run`;
}

export async function deleteNumbers(db: Db, dashboard_id: number): Promise<void> {
  await db`delete from run_numbers where dashboard_id = ${dashboard_id}`;
}

/** About 1,300 runs of one group. */
const MOST_READ = 20_000;

/** By group, the two kept runs before this one. */
export async function findKept(db: Db, { id, run }: Run): Promise<Kept | undefined> {
  const runs = await db<RunNumbers<string>[]>`
    select nullif(group_name, '') as group, run_name as run, numbers from (
      select group_name, run_name, numbers,
        row_number() over (partition by group_name order by last desc, run_name desc) as nth
      from (
        select group_name, run_name, max(run) as last, jsonb_agg(jsonb_build_object(
          'name', name, 'value', value, 'unit', unit, 'sure', sure)) as numbers
        from (
          select * from run_numbers where dashboard_id = ${id} and run < ${run}
          order by run desc limit ${MOST_READ}
        ) n group by group_name, run_name
      ) r
    ) r where nth <= 2 order by nth`;
  const [before] = await db<{ run_names: Kept["run_names"] }[]>`
    select run_names from runs where dashboard_id = ${id} and run < ${run} and run_names <> '{}'
    order by run desc limit 1`;
  if (runs.length === 0 && !before) return undefined;
  return { runs: [...runs], run_names: before?.run_names ?? {} };
}

/** What was kept of a table's earlier runs, its run that is under way left out. */
export async function findKeptOf(
  db: Db,
  table: { user_id: number; kind: string; schema_name: string; table_name: string },
): Promise<Kept | undefined> {
  const { user_id, kind, schema_name, table_name } = table;
  const [row] = await db<Run[]>`
    select id, run from dashboards where user_id = ${user_id} and kind = ${kind}
      and schema_name = ${schema_name} and table_name = ${table_name}`;
  return row && await findKept(db, row);
}

/** Up to `most` runs of the named numbers of a dashboard's group. */
export async function findCourses(
  db: Db,
  wanted: { id: number; group_name: string; names: string[] }[],
  most: number,
): Promise<(KeptNumber & { id: number })[]> {
  return await db<(KeptNumber & { id: number })[]>`
    select w.id, w.group_name, n.name, n.run, n.run_name, n.value, n.unit
    from jsonb_to_recordset(${JSON.stringify(wanted)}::text::jsonb)
        as w (id bigint, group_name text, names text[])
      cross join lateral (
        select name, run, run_name, value, unit from run_numbers
        where dashboard_id = w.id and group_name = w.group_name and name = any(w.names)
        order by run desc, run_name desc limit ${most} * cardinality(w.names)) n`;
}

/** The numbers of a message, with each group's run now and at the previous message. */
export async function findCovered(db: Db, { id, run }: Run) {
  const [row] = await db<{ now: Record<string, string>; posted: Record<string, string> | null }[]>`
    select run_names as now, (
      select run_names from runs
      where dashboard_id = ${id} and run < ${run} and posted_at is not null
      order by run desc limit 1) as posted
    from runs where dashboard_id = ${id} and run = ${run}`;
  return { now: row?.now ?? {}, posted: row?.posted ?? {} };
}
