import type { Db } from "../external/postgres/postgres.ts";
import type { Kept, Summary } from "../measures/summary.ts";

type Run = { id: number; run: number };

/** Keeps what the newest run came to, why, and which run of the table each group's numbers are of. */
export async function saveNumbers(
  db: Db,
  { id, run }: Run,
  { numbers, why, run_names }: Summary,
): Promise<void> {
  await db`
    update runs set numbers = ${JSON.stringify(numbers)}::text::jsonb, why = ${why},
      run_names = ${JSON.stringify(run_names)}::text::jsonb
    where dashboard_id = ${id} and run = ${run}`;
}

/** The numbers of the run before; undefined where there was none. */
export async function findKept(db: Db, { id, run }: Run): Promise<Kept | undefined> {
  const [kept] = await db<
    { run: number; numbers: Kept["numbers"]; run_names: Kept["run_names"] }[]
  >`
    select run, numbers, run_names from runs
    where dashboard_id = ${id} and run < ${run} and numbers <> '[]'
    order by run desc limit 1`;
  return kept && { ...kept, run: `run ${kept.run}` };
}

/** What a run's message is to cover: its numbers, and each group's run now and at the message before. */
export async function findCovered(db: Db, { id, run }: Run) {
  const [row] = await db<{ now: Record<string, string>; told: Record<string, string> | null }[]>`
    select run_names as now, (
      select run_names from runs
      where dashboard_id = ${id} and run < ${run} and told_at is not null
      order by run desc limit 1) as told
    from runs where dashboard_id = ${id} and run = ${run}`;
  return { now: row?.now ?? {}, told: row?.told ?? {} };
}
