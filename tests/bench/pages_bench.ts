import { dirname } from "node:path";
import { withCourses } from "../../src/dashboards/list/courses.ts";
import { type Filter, pageOfDashboards } from "../../src/dashboards/listing.ts";
import type { Sort } from "../../src/dashboards/store.ts";
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { migrate } from "../../src/external/postgres/migrate.ts";
import { connectMaster } from "../../src/external/postgres/master.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { SILENT } from "../../src/external/log/log.ts";
import type { Who } from "../../src/who.ts";

const ROWS = 100_000;
const USERS = 1_000;
/** Filled at once. */
const STEP = 5_000;
const ROUNDS = 60;

/** Rows as after a year: most are done, few need attention, some outcomes are rare, 1 % archived. */
export async function fillDashboards(db: Sql, rows = ROWS, users = USERS): Promise<void> {
  await db`
    insert into users (username, role) select 'u' || n, 'member' from generate_series(1, ${users}) n`;
  await db`alter table dashboards disable trigger moved`; // no event for each row
  for (let from = 1; from <= rows; from += STEP) await fillSome(db, from, users);
  for (const name of ["users", "dashboards", "runs", "run_numbers"]) {
    await db.unsafe(`vacuum analyze ${name}`);
  }
}

async function fillSome(db: Sql, from: number, users: number): Promise<void> {
  await db`
    with made as (
      insert into dashboards (user_id, kind, schema_name, table_name, content, step, stopped, board,
        outcome, designs, last_error, archived_at)
      select 1 + n % ${users}, (array['timing', 'qor', 'drc'])[1 + n % 3], 'public',
        (array['runs', 'wns_paths', 'drc_cells', 'power'])[1 + n % 4] || '_' ||
          substr(md5(n::text), 1, 8),
        n::text,
        case when n % 500 = 0 then 'capture' when n % 997 = 0 then 'create' else 'done' end,
        n % 2000 = 1, jsonb_build_object('panels', repeat(md5(n::text), 40)),
        case when n % 10000 = 7 then 'denied' when n % 300 = 0 then 'error' else 'loaded' end,
        array['design_' || n % 4000, 'cpu'],
        case when n % 2000 = 1 then 'Slack refused the token.' end,
        case when n % 100 = 99 then now() end
      from generate_series(${from}::int, ${from + STEP - 1}::int) n
      returning id
    ), names as (
      select unnest(array['setup_wns', 'setup_tns', 'violations', 'runtime']) as name
    ), numbers as (
      insert into run_numbers (dashboard_id, group_name, run_name, run, name, value, unit, sure)
      select id, 'cpu', 'run ' || n, n, name, n * 0.1, 'ns', true
      from made, names, generate_series(1, 3) n
    )
    insert into runs (dashboard_id, run, row_count, numbers, captured_at)
    select id, 1, 1000, (select jsonb_agg(jsonb_build_object('name', name, 'group', 'cpu',
        'value', -0.1, 'unit', 'ns', 'before', -0.2, 'change', 0.1, 'better', true)) from names), now()
    from made`;
}

/** Every list that a page offers, by what it is called. */
const LISTS: Record<string, { filter: Filter; sort?: Sort }> = {
  "default": { filter: {} },
  "sort=name": { filter: {}, sort: "name" },
  "sort=state": { filter: {}, sort: "state" },
  "username": { filter: { username: "u77" } },
  "kind": { filter: { kind: "drc" } },
  "kind, by name": { filter: { kind: "drc" }, sort: "name" },
  "state=attention": { filter: { state: "attention" } },
  "state=notify, no row": { filter: { state: "notify" } },
  "state=create, by name": { filter: { state: "create" }, sort: "name" },
  "outcome=denied": { filter: { outcome: "denied" } },
  "outcome=gone, no row": { filter: { outcome: "gone" } },
  "outcome=loaded, by name": { filter: { outcome: "loaded" }, sort: "name" },
  "design, of many": { filter: { design: "cpu" } },
  "design, of 25": { filter: { design: "design_77" } },
  "design, by state": { filter: { design: "design_77" }, sort: "state" },
  "q=wn": { filter: { q: "wn" } },
  "q=zz, no row": { filter: { q: "zz" } },
  "q=zz, by name": { filter: { q: "zz" }, sort: "name" },
  "q=zz, by state": { filter: { q: "zz" }, sort: "state" },
  "q=ab of a user": { filter: { q: "ab", username: "u77" } },
  "archived": { filter: { archived: true } },
  "archived, q=zz": { filter: { archived: true, q: "zz" } },
};

const ADMIN: Who = { user_id: 1, username: "u1", role: "admin", from: "" };
const MEMBER: Who = { ...ADMIN, role: "member" };

async function time(db: Sql, who: Who, { filter, sort = "newest" }: typeof LISTS[string]) {
  const times: number[] = [];
  let rows = 0;
  for (let i = 0; i < ROUNDS; i++) {
    const started = performance.now();
    const page = { sort, limit: 50 };
    const found = await pageOfDashboards(db, who, { archived: false, ...filter }, page);
    await withCourses(db, found.dashboards);
    times.push(performance.now() - started);
    rows = found.dashboards.length;
  }
  const at = (share: number) => times.toSorted((a, b) => a - b)[Math.floor(share * ROUNDS)]!;
  return { rows, "p50, ms": at(0.5).toFixed(1), "p95, ms": at(0.95).toFixed(1) };
}

/** The lists of pages at 100,000 dashboards, with the history of each number; prints a table. */
export async function benchPages(): Promise<void> {
  const dataDir = await Deno.realPath(await Deno.makeTempDir({ prefix: "pages-bench-" }));
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const { stop, ...server } = await startEmbedded({ dataDir, log: SILENT });
    ends.push(stop);
    const db = await connectMaster({ ...server, database: "dashkeeper" });
    ends.push(() => db.end({ timeout: 1 }));
    await migrate(db);
    await fillDashboards(db);
    const table: Record<string, unknown> = {};
    for (const [name, list] of Object.entries(LISTS)) table[name] = await time(db, ADMIN, list);
    table["a member's"] = await time(db, MEMBER, { filter: {} });
    console.table(table);
  } finally {
    for (const end of ends.reverse()) await end().catch(console.error);
    const cluster = await Deno.realPath(`${dataDir}/postgres`);
    for (const folder of new Set([dirname(cluster), dataDir])) {
      await Deno.remove(folder, { recursive: true });
    }
  }
}

if (import.meta.main) await benchPages();
