import type { Db } from "../external/postgres/postgres.ts";

/** Remembers that the clock has started a job. */
export async function recordTick(db: Db, job: string): Promise<void> {
  await db`
    insert into ticks (job) values (${job}) on conflict (job) do update set at = now()`;
}

/** When each job started last, newest first. A job that no longer exists is left out after a week. */
export async function lastTicks(db: Db): Promise<{ job: string; seconds: number }[]> {
  return await db<{ job: string; seconds: number }[]>`
    select job, extract(epoch from now() - at)::float8 as seconds from ticks
    where at > (select max(at) from ticks) - interval '7 days' order by at desc`;
}
