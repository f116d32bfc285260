import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert";
import postgres, { type Sql } from "postgres";
import { type Kind, type Options, sampleTables, type Table } from "../../tasks/sample/tables.ts";
import { fillDatabase, writeTables } from "../../tasks/sample/write.ts";
import { COMMON } from "../../src/imports/tables.ts";
import { SILENT } from "../../src/external/log/log.ts";
import { keptIn } from "../help/log.ts";

const KINDS: Kind[] = ["timing", "qor", "drc"];
const OPTIONS: Options = { seed: 7, runs: 30, firstRun: new Date("2026-01-01T02:00:00Z") };
const DAY_MS = 86_400_000;

// deno-lint-ignore no-explicit-any
type Row = Record<string, any>;
const flowOf = (row: Row) => `${row.run_id} ${row.design} ${row.platform}`;
const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);

function rowsOf(kind: Kind, table_name: string, options = OPTIONS): Row[] {
  const { columns, rows } = tableOf(sampleTables(kind, options), table_name);
  return rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]])));
}

function tableOf(tables: Table[], table_name: string): Table {
  return tables.find((table) => table.table_name === table_name)!;
}

function inRun(rows: Row[], run: number): Row[] {
  return rows.filter((row) => row.run_id === `nightly-${String(run).padStart(4, "0")}`);
}

Deno.test("sampleTables() gives the same for the same seed, something else for another", () => {
  for (const kind of KINDS) {
    const tables = sampleTables(kind, OPTIONS);
    same(sampleTables(kind, OPTIONS), tables);
    for (const [i, other] of sampleTables(kind, { ...OPTIONS, seed: 8 }).entries()) {
      equal(JSON.stringify(other.rows) === JSON.stringify(tables[i]!.rows), false);
    }
  }
});

Deno.test("sampleTables() with runOffset makes the runs that would have come next", () => {
  const firstRun = new Date(OPTIONS.firstRun.getTime() + 20 * DAY_MS);
  for (const kind of KINDS) {
    const all = sampleTables(kind, OPTIONS);
    const head = sampleTables(kind, { ...OPTIONS, runs: 20 });
    const tail = sampleTables(kind, { ...OPTIONS, runs: 10, runOffset: 20, firstRun });
    for (const [i, { rows }] of all.entries()) same([...head[i]!.rows, ...tail[i]!.rows], rows);
  }
});

Deno.test("sampleTables() never makes a run without rows, however late", () => {
  for (const kind of KINDS) {
    for (const { rows } of sampleTables(kind, { ...OPTIONS, runs: 300 })) {
      equal(new Set(rows.map(([run_id]) => run_id)).size, 300);
    }
  }
});

Deno.test("sampleTables() opens each table with the common columns, and every row fits them", () => {
  const common = Object.keys(COMMON).join(" ");
  for (const { table_name, columns, rows } of KINDS.flatMap((k) => sampleTables(k, OPTIONS))) {
    equal(columns.slice(0, 12).map(({ name }) => name).join(" "), common);
    ok(rows.length >= 180, table_name);
    for (const row of rows) {
      equal(row.length, columns.length);
      for (const cell of row) if (typeof cell === "number") ok(Number.isFinite(cell));
    }
    equal(new Set(rows.map((row) => `${row[2]} ${row[3]}`)).size, 6); // 3 designs, 2 platforms
    ok(rows.some((row) => row.includes(null)), `${table_name} has a NULL`);
  }
});

Deno.test("timing: summary and paths tell the same", () => {
  const paths = Map.groupBy(rowsOf("timing", "paths"), flowOf);
  const summary = rowsOf("timing", "summary");
  equal(paths.size, summary.length);
  for (const row of summary) {
    for (const [type, name] of [["max", "setup"], ["min", "hold"]]) {
      const slacks = paths.get(flowOf(row))!.filter((path) => path.path_type === type)
        .map((path) => path.slack_ns);
      const bad = slacks.filter((slack) => slack < 0);
      equal(row[`${name}_wns_ns`], Math.min(...slacks));
      equal(row[`${name}_violations`], bad.length);
      ok(Math.abs(row[`${name}_tns_ns`] - sum(bad)) < 1e-3);
      if (bad.length) ok(row[`${name}_tns_ns`] <= row[`${name}_wns_ns`]);
      else equal(row[`${name}_tns_ns`], 0);
    }
  }
});

Deno.test("timing: slack is what is required less what arrives, with a tail that shortens", () => {
  const paths = rowsOf("timing", "paths");
  for (const { path_type, slack_ns, arrival_ns, required_ns } of paths) {
    const slack = path_type === "max" ? required_ns - arrival_ns : arrival_ns - required_ns;
    ok(Math.abs(slack - slack_ns) < 2e-4);
  }
  const violating = (run: number) => inRun(paths, run).filter((path) => path.slack_ns < 0).length;
  ok(violating(1) > 30 && violating(1) < 100, `${violating(1)} of 216 at first`);
  ok(violating(30) < violating(1) / 2 && violating(30) > 0, `${violating(30)} at last`);
  const tns = (run: number) =>
    sum(inRun(rowsOf("timing", "summary"), run).map((r) => r.setup_tns_ns));
  ok(tns(1) < tns(10) && tns(10) < tns(30));
});

Deno.test("qor: a run's figures hang together, and its stages add up to it", () => {
  const stages = Map.groupBy(rowsOf("qor", "runs"), flowOf);
  const metrics = Map.groupBy(rowsOf("qor", "metrics"), flowOf);
  const runs = [...stages].map(([flow, own]) => {
    equal(own.map(({ stage }) => stage).join(" "), "synth floorplan place cts route finish");
    const total = metrics.get(flow)!.find(({ metric }) => metric === "run__flow__total_time")!;
    const runtime_s = sum(own.map((stage) => stage.runtime_s));
    ok(Math.abs(runtime_s - total.value) < 0.05);
    ok(own.slice(0, -1).every(({ area_um2 }) => area_um2 === null));
    return { ...own.at(-1)!, runtime_s } as Row;
  });
  for (const run of runs) {
    ok(run.utilization_pct > 40 && run.utilization_pct < 100);
    ok(run.power_leakage_w < run.power_total_w);
  }
  const ibex = runs.filter((run) => run.design === "ibex" && run.platform === "sky130hd");
  for (const column of ["area_um2", "power_total_w", "wirelength_um", "vias", "runtime_s"]) {
    const by = correlation(ibex.map(({ cells }) => cells), ibex.map((run) => run[column]));
    ok(by > 0.7, `cells and ${column}: ${by}`);
  }
});

function correlation(xs: number[], ys: number[]): number {
  const [x, y] = [sum(xs) / xs.length, sum(ys) / ys.length];
  const together = sum(xs.map((each, i) => (each - x) * (ys[i]! - y)));
  return together / Math.sqrt(sum(xs.map((e) => (e - x) ** 2)) * sum(ys.map((e) => (e - y) ** 2)));
}

Deno.test("qor: a metric passes when its value keeps its rule", () => {
  const metrics = rowsOf("qor", "metrics");
  for (const { value, rule_op, rule_limit, pass } of metrics) {
    const kept = rule_op === "=="
      ? value === rule_limit
      : rule_op === "<="
      ? value <= rule_limit
      : value >= rule_limit;
    equal(pass, value === null ? null : kept);
  }
  const share = (run: number) => inRun(metrics, run).filter(({ pass }) => pass).length / 48;
  ok(share(1) < share(30) && share(30) > 0.7);
});

Deno.test("drc: counts fall over iterations to the violations that are left", () => {
  const left = Map.groupBy(rowsOf("drc", "violations"), (row) => `${flowOf(row)} ${row.rule}`);
  const series = Map.groupBy(rowsOf("drc", "summary"), (row) => `${flowOf(row)} ${row.rule}`);
  for (const [rule, rows] of series) {
    if (rule.endsWith(" Total")) continue;
    const counts = rows.map(({ count }) => count);
    same(rows.map(({ iteration }) => iteration), [0, 1, 2, 3, 4, 5, 6, 7]);
    same(counts.toSorted((a, b) => b - a), counts);
    equal(counts.at(-1), left.get(rule)?.length ?? 0);
  }
});

Deno.test("drc: violations are boxes on the die, crowded at hot spots, fewer from run to run", () => {
  const violations = rowsOf("drc", "violations");
  for (const { x1_um, y1_um, x2_um, y2_um } of violations) {
    ok(0 <= x1_um && x1_um < x2_um && 0 <= y1_um && y1_um < y2_um && x2_um < 1100 && y2_um < 1100);
  }
  ok(inRun(violations, 30).length < inRun(violations, 1).length / 3);
  ok(violations.some(({ waived }) => waived) && violations.some(({ waived }) => !waived));
  const jpeg = violations.filter((row) => row.design === "jpeg" && row.platform === "sky130hd");
  const tiles = Map.groupBy(jpeg, (row) => `${row.x1_um / 100 | 0} ${row.y1_um / 100 | 0}`);
  const crowded = [...tiles.values()].map((tile) => tile.length).sort((a, b) => b - a).slice(0, 12);
  ok(sum(crowded) > jpeg.length / 2, "12 of some 100 tiles hold more than half");
});

/** An empty database, as a user has one: without Dashkeeper's own tables. */
async function userDatabase() {
  const url = new URL(Deno.env.get("TEST_DATABASE_URL")!);
  const admin = postgres(url.href, { max: 1 });
  url.pathname = `sample_${crypto.randomUUID().replaceAll("-", "")}`;
  const name = admin(url.pathname.slice(1));
  await admin`create database ${name} strategy file_copy`;
  const db = postgres(url.href, { max: 1, onnotice() {} });
  return {
    db,
    url: url.href,
    async [Symbol.asyncDispose]() {
      await db.end({ timeout: 1 });
      await admin`drop database ${name} with (force)`;
      await admin.end({ timeout: 1 });
    },
  };
}

Deno.test("fillDatabase() fills, then appends one run that comes after the last", async () => {
  await using fresh = await userDatabase();
  for (const kind of KINDS) {
    const lines: string[] = [];
    const log = keptIn(lines);
    const { tables } = await fillDatabase(fresh.url, kind, { log });
    equal(lines.length, tables.length);
    ok(!lines.join().includes(new URL(fresh.url).pathname.slice(1)), "no URL in the log");
    for (const { table_name, rows } of tables) {
      const [held] = await fresh.db<Row[]>`
        select count(*)::int as rows, max(run_ts) as last from ${fresh.db(`public.${table_name}`)}`;
      equal(held!.rows, rows);
      ok(held!.last < new Date());
    }
    const before = await lasts(fresh.db, tables);
    const more = await fillDatabase(fresh.url, kind, { log });
    same(more.tables.map((table) => table.table_name), tables.map((table) => table.table_name));
    for (const [i, { runs, last }] of (await lasts(fresh.db, tables)).entries()) {
      equal(runs, before[i]!.runs + 1);
      ok(last > before[i]!.last && more.tables[i]!.rows > 0);
    }
    if (kind === "drc") continue; // its summary has another shape than timing's
    for (const { table_name } of tables) {
      await fresh.db`drop table ${fresh.db(`public.${table_name}`)}`;
    }
  }
});

function lasts(sql: Sql, tables: { table_name: string }[]) {
  return Promise.all(tables.map(async ({ table_name }) => {
    const [held] = await sql<Row[]>`
      select count(distinct run_id)::int as runs, max(run_ts) as last from ${
      sql(`public.${table_name}`)
    }`;
    return held!;
  }));
}

Deno.test("writeTables() keeps every value, odd text and NULL included", async () => {
  await using fresh = await userDatabase();
  const at = new Date("2026-03-01T02:03:04.567Z");
  const table: Table = {
    table_name: 'odd "name".x',
    columns: [
      { name: "run_ts", type: "timestamptz" },
      { name: "WNS(ns)", type: "double precision" },
      { name: 'a"b', type: "text" },
      { name: "pass", type: "boolean" },
    ],
    rows: [[at, -0.125, "tab\t, line\n, return\r, \\N and \\", true], [at, 1e-9, "\\.", null]],
  };
  await writeTables(fresh.db, [table], { append: false });
  const rows = await fresh.db.unsafe('select * from public."odd ""name"".x"').values();
  same([...rows], table.rows);
});

Deno.test("writeTables() writes a table whole or not at all, and each run once", async () => {
  await using fresh = await userDatabase();
  const table = tableOf(sampleTables("timing", { ...OPTIONS, runs: 2 }), "summary");
  const sql = fresh.db;
  const odd = table.rows[0]!.with(-1, "not a number");
  const early = [odd, ...Array.from({ length: 500 }, () => table.rows).flat()]; // refused half way
  for (const rows of [[...table.rows, odd], early]) {
    await rejects(
      writeTables(sql, [{ ...table, rows }], { append: false }),
      /other types|precision/,
    );
    equal((await sql`select to_regclass('public.summary') as name`)[0]!.name, null);
  }
  await writeTables(sql, [table], { append: false });
  await rejects(writeTables(sql, [table], { append: false }), /has rows already/);
  await rejects(writeTables(sql, [table], { append: true }), /only later ones are appended/);
  equal((await sql`select count(*)::int as rows from public.summary`)[0]!.rows, 12);
});

Deno.test("fillDatabase() leaves a table of somebody else's shape alone", async () => {
  await using fresh = await userDatabase();
  await fresh.db`create table public.runs (name text)`;
  await rejects(fillDatabase(fresh.url, "qor", { log: SILENT }), /runs" is not a table of samples/);
  equal((await fresh.db`select count(*)::int as rows from public.runs`)[0]!.rows, 0);
});
