import { ok, strictEqual as equal } from "node:assert/strict";
import { captureNext } from "../../../src/pipeline/capture/capture.ts";
import { createNext } from "../../../src/pipeline/create/create.ts";
import { browserHere } from "../previews/browser.ts";
import { never } from "../time.ts";
import { startWorld, type World } from "./world.ts";

const TABLE = (name: string) =>
  `create table ${name} as
  select 'run ' || n as run, timestamptz '2026-01-01' + n * interval '1 day' as run_date,
    design, 1000 + n * 10.5 as area, -0.05 + n * 0.001 as wns, 0.61 as utilization, n as drc_count
  from generate_series(1, 9) n, (values ('cpu'), ('gpu')) designs (design)`;

/** Captures the rows that wait for it, in real Chromium. */
export async function captureAll(world: World): Promise<void> {
  await using browser = browserHere();
  const size = { width: 1920, height: 1080, frames: 3, delay_ms: 100, timeout_ms: 30_000 };
  const capture = {
    ...{ ...size, theme: "light" as const, timezone: "utc" },
    base_url: world.origin,
  };
  while (await captureNext({ ...world.deps, browser, capture }, never));
}

/** Ada's dashboard with numbers and real pictures, and as many more that have copies of them. */
export async function startPictured({ more = 0 } = {}) {
  const world = await startWorld({ user: true });
  await world.run(TABLE("runs"));
  await world.found();
  ok(await createNext(world.deps, never));
  await captureAll(world);
  const [made] = await world.db<{ id: number; outcome: string }[]>`
    select id, outcome from dashboards`;
  equal(made!.outcome, "loaded");
  await world.db`update dashboards set step = 'done'`;
  await world.db`
    insert into dashboards (user_id, kind, schema_name, table_name, content, step, board, outcome)
    select user_id, kind, schema_name, 'runs_of_block_' || n, content, step, board, outcome
    from dashboards, generate_series(1, ${more}) n`;
  await world.db`
    insert into runs (dashboard_id, run, row_count, numbers, gif, png, thumbnail, captured_at)
    select d.id, 1, r.row_count, r.numbers, r.gif, r.png, r.thumbnail, r.captured_at
    from dashboards d, runs r where r.dashboard_id = ${made!.id} and d.id <> r.dashboard_id`;
  await world.db`
    insert into run_numbers (dashboard_id, group_name, run_name, run, name, value, unit, sure)
    select d.id, n.group_name, n.run_name, n.run, n.name, n.value, n.unit, n.sure
    from dashboards d, run_numbers n where n.dashboard_id = ${made!.id} and d.id <> n.dashboard_id`;
  return Object.assign(world, { ada: world.ada!, id: made!.id });
}
