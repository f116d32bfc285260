import { ok } from "node:assert/strict";
import { createNext } from "../../../src/pipeline/create/create.ts";
import { never } from "../time.ts";
import { addDashboard } from "./rows.ts";
import { type Options, startWorld } from "./world.ts";

/** 1 × 1 pixel. */
const GIF = Uint8Array.fromBase64("R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=");
const LONG = "a_table_with_a_name_that_is_as_long_as_postgresql_lets_it_be_63";

const RUNS = `create table runs as
  select 'run ' || n as run, timestamptz '2026-01-01' + n * interval '1 day' as run_date,
    design, 1000 + n * 10.5 as area, -0.05 + n * 0.001 as wns, 0.61 as utilization, n as drc_count
  from generate_series(1, 9) n, (values ('cpu'), ('gpu')) designs (design)`;

async function addRows(world: Awaited<ReturnType<typeof startWorld>>, user_id: number) {
  const { db } = world;
  const done = await addDashboard(db, user_id, { table_name: "done_runs", gif: GIF, step: "done" });
  const stuck = await addDashboard(db, user_id, { table_name: LONG, step: "notify" });
  await db`update dashboards set stopped = true, last_error = 'Slack refused the token of this user: set a current one as the credential SLACK_BOT_TOKEN.' where id = ${stuck}`;
  const panels = [
    { id: 1, title: "Area", state: "loaded", message: null },
    { id: 2, title: "A panel with a long title", state: "error", message: "timed_out" },
  ];
  await db`update dashboards set outcome = 'error', panels = ${
    JSON.stringify(panels)
  }::text::jsonb where id = ${done}`;
  const place = { kind: "timing", schema_name: "public", rows: 9, created: true };
  const tables = [{ ...place, table_name: "done_runs" }, { ...place, table_name: LONG }];
  await db`
    insert into imports (user_id, imported_by, file, format, tool, run_id, tables, key, warnings, row_count)
    values (${user_id}, 'admin', ${`${LONG}.rpt`}, 'opensta-report_checks', 'OpenSTA', ${LONG},
      ${JSON.stringify(tables)}::text::jsonb, '[]',
      '[{"line": 1, "message": "The row has 3 cells, the header 4: the rest is empty."}]', 18)`;
  return { done, stuck };
}

/** A world with something on every page, and the pages by path. */
export async function startEveryPage(options: Pick<Options, "members_see"> = {}) {
  const world = await startWorld({ user: true, ...options });
  const ada = world.ada!;
  await world.run(RUNS);
  await world.found();
  ok(await createNext(world.deps, never));
  const [board] = await world.db<{ id: number }[]>`select id from dashboards`;
  const { done, stuck } = await addRows(world, ada.id);
  await world.call("POST", `/users/${ada.id}/credentials`, {
    json: { key_name: "SLACK_BOT_TOKEN", key_value: "xoxb-1", expires_at: "2020-01-01T00:00:00Z" },
  });
  const user = `/users/${ada.id}`;
  const pages = [
    ...[
      "/dashboards",
      "/dashboards?view=table",
      "/dashboards/archived",
      "/imports",
      "/users",
      "/templates",
      "/audit",
      "/diagnosis",
    ],
    ...["/", "/api", "/users?q=zz", `/dashboards/${board!.id}`, `/dashboards/${done}`],
    ...[`/dashboards/${stuck}`, `/dashboards/${done}/message`, user],
    ...[`${user}/credentials/SLACK_BOT_TOKEN`, "/templates/1", "/nothing-here"],
  ];
  return Object.assign(world, {
    ada,
    board: `/boards/${board!.id}`,
    /** As an admin sees them; those of other changes are left out where they are not mounted. */
    pages: [...new Set(pages)],
  });
}
