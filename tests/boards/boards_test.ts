import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert";
import { readColumn } from "../../src/measures/columns.ts";
import { type Dashboard, timeRange } from "../../src/boards/compose.ts";
import type { Kind } from "../../src/measures/facts.ts";
import { expandMacros, runPanel, widen } from "../../src/boards/query.ts";
import { quoteName, quoteText } from "../../src/measures/sql.ts";
import { serveBoard } from "../help/boards/board_server.tsx";
import { boardOf, drawn, load, place, type Row, withTables } from "../help/boards/boards.ts";
import { newestOfEach } from "../help/boards/flow_results.ts";
import { loadOdd } from "../help/boards/odd_tables.ts";
import { openParsed } from "../help/boards/open_page.ts";
import { never } from "../help/time.ts";
import { connectBrowser } from "../../src/external/browser/browser.ts";
import { taskLog } from "../../src/external/log/open.ts";

Deno.test("expandMacros() writes the range, and a hostile name stays one identifier", async () => {
  const range = { from: "2026-01-01T00:00:00.000Z", to: "2026-01-02T00:00:00.000Z" };
  equal(
    expandMacros(`$__timeFilter("t") $__timeFrom() $__timeTo()`, range),
    `"t" BETWEEN '${range.from}' AND '${range.to}' '${range.from}' '${range.to}'`,
  );
  await withTables(async ({ db }) => {
    for (
      const name of [`a"b`, "t (UTC), $__timeFrom()", "[[x]] ${y} \\0041", "größe 温度", "select"]
    ) {
      const [row] = await db.unsafe(
        expandMacros(`select 1 as ${quoteName(name)}, ${quoteText(name)} as text`, range),
      );
      same({ ...row }, { [name]: 1, text: name });
    }
  });
});

Deno.test("timeRange() covers the data with 2 % of air, and gives one time an hour", () => {
  const column = readColumn("t", "timestamp with time zone");
  const at = (first: string, last: string) => ({
    time: { column, first: new Date(first), last: new Date(last) },
    read_at: new Date("2026-11-23T12:00:00Z"),
  });
  // deno-lint-ignore no-explicit-any
  const range = (facts: any) => timeRange(facts);
  same(range(at("2026-01-01T00:00:00Z", "2026-01-01T10:00:00Z")), {
    from: "2025-12-31T23:48:00.000Z",
    to: "2026-01-01T10:12:00.000Z",
  });
  same(range(at("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z")), {
    from: "2025-12-31T23:30:00.000Z",
    to: "2026-01-01T00:30:00.000Z",
  });
});

Deno.test("composeDashboard() of the real QoR history shows the newest run's own numbers", async () => {
  await withTables(async ({ db }, reader) => {
    const rows = await load(db, "qor_history");
    const last = Math.max(...rows.map(({ run_ts }) => Date.parse(run_ts!)));
    const named = (row: Row) => `${row.platform} ${row.design}`;
    const newest = [...newestOfEach(rows).values()];
    const values = (name: string) => newest.map((row) => Number(row[name]));
    const slack = (row: Row, name: string) => {
      const factor = { "1ps": 1e-3, "1ns": 1 }[row.run__flow__platform__time_units!];
      return row[name] && factor ? Number(row[name]) * factor : Infinity;
    };
    for (const kind of ["qor", "timing"] as const) {
      const { panels, board } = await boardOf(reader, "qor_history", kind);
      const worst = (name: string) =>
        newest.toSorted((a, b) => slack(a, name) - slack(b, name))[0]!;
      const wns = worst("finish__timing__setup__ws");
      same(panels.get("Setup WNS · worst")!.columns, {
        of: [named(wns)],
        "Setup WNS": [slack(wns, "finish__timing__setup__ws")],
      });
      same(panels.get("Setup TNS · worst")!.columns["Setup TNS"], [
        slack(worst("finish__timing__setup__tns"), "finish__timing__setup__tns"),
      ]);
      same(panels.get("Newest (UTC)")!.columns["Newest run"], [last]);
      ok(Date.parse(board.time!.to) > last);
    }
    const { panels } = await boardOf(reader, "qor_history", "qor");
    same(panels.get("Area · largest")!.columns.Area, [
      Math.max(...values("finish__design__instance__area")),
    ]);
    same(panels.get("DRC violations · worst")!.columns["DRC violations"], [
      Math.max(...values("detailedroute__route__drc_errors")),
    ]);
    const table = panels.get("Newest result of each design")!.columns;
    equal(table.design!.length, new Set(rows.map(named)).size);
    ok(!("Hold WNS" in table), "a column without values is left out");
  });
});

Deno.test("composeDashboard() brings slacks of both time units to ns in the trend", async () => {
  await withTables(async ({ db }, reader) => {
    const rows = await load(db, "qor_history");
    await db`delete from public.qor_history where platform <> 'asap7' and design <> 'ibex'`;
    const { panels } = await boardOf(reader, "qor_history", "timing");
    const { time, ...series } = panels.get("Setup WNS by design")!.columns;
    equal(Object.keys(series).length, 6);
    ok("asap7 ethmac" in series);
    for (const [name, values] of Object.entries(series)) {
      const wanted = new Map(
        rows.filter((row) =>
          `${row.platform} ${row.design}` === name && row.finish__timing__setup__ws &&
          row.run__flow__platform__time_units
        ).map((row) => [
          Date.parse(row.run_ts!),
          Number(row.finish__timing__setup__ws) *
          (row.run__flow__platform__time_units === "1ps" ? 1e-3 : 1),
        ]),
      );
      const shown = time!.flatMap((at, i) => values[i] === null ? [] : [[at, values[i]]]);
      same(shown, [...wanted].sort(([a], [b]) => a - b), name);
    }
  });
});

Deno.test("composeDashboard() of the real DRC iterations counts each design's last iteration", async () => {
  await withTables(async ({ db }, reader) => {
    const rows = await load(db, "drc_iterations");
    const named = (row: Row) => `${row.platform} ${row.design}`;
    const last = newestOfEach(rows);
    const newest = rows.filter((row) => row.run_ts === last.get(named(row))!.run_ts);
    const ends = Map.groupBy(newest, (row) => `${row.platform} ${row.design}`).values()
      .map((rows) => rows.toSorted((a, b) => Number(a.iteration) - Number(b.iteration))).toArray();
    const sum = (rows: Row[]) => rows.reduce((all, { drc_errors }) => all + Number(drc_errors), 0);
    const { panels } = await boardOf(reader, "drc_iterations", "drc");
    const most = (rows: Row[]) => Math.max(...rows.map(({ drc_errors }) => Number(drc_errors)));
    same(panels.get("DRC violations · worst")!.columns["DRC violations"], [
      most(ends.map((r) => r.at(-1)!)),
    ]);
    same(panels.get("After the first iteration · largest")!.columns["After the first iteration"], [
      most(ends.map((r) => r[0]!)),
    ]);
    const { iteration, "DRC violations": errors } =
      panels.get("DRC violations by iteration")!.columns;
    same(
      iteration!.map((i, at) => [Number(i), errors![at]]),
      [...Map.groupBy(newest, (row) => Number(row.iteration))]
        .map(([i, rows]) => [i, sum(rows)]).sort(([a], [b]) => Number(a) - Number(b)),
    );
  });
});

Deno.test("composeDashboard() reads tables of paths, violations and metrics", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(`
      create table public.paths (run_ts timestamptz, corner text, path_group text, path_type text,
        endpoint text, slack_ns numeric);
      insert into public.paths values
        ('2026-01-01Z', 'ss', 'clk', 'max', 'a', -9), ('2026-01-02Z', 'ss', 'clk', 'max', 'a', -0.3),
        ('2026-01-02Z', 'ff', 'clk', 'max', 'a', -0.5), ('2026-01-02Z', 'ss', 'io', 'max', 'b', -0.1),
        ('2026-01-02Z', 'ss', 'io', 'max', 'c', 0.2), ('2026-01-02Z', 'ff', 'clk', 'min', 'a', -0.7);
      create table public.violations (run_ts timestamptz, rule text, layer text);
      insert into public.violations values ('2026-01-01Z', 'S', 'm1'), ('2026-01-02Z', 'S', 'm1'),
        ('2026-01-02Z', 'S', 'm2'), ('2026-01-02Z', 'W', 'm2');
      create table public.metrics (run_ts timestamptz, metric text, value float8, unit text);
      insert into public.metrics values ('2026-01-02Z', 'finish__timing__setup__ws', -0.12, 'ns'),
        ('2026-01-02Z', 'finish__power__total', 0.004, 'W'), ('2026-01-02Z', 'odd '' $metric', 3, null)
    `).simple();
    const last = async (table: string, kind: Kind, title: string) => {
      const { panels } = await boardOf(reader, table, kind);
      return Object.values(panels.get(title)!.columns).at(-1)!.at(-1);
    };
    equal(await last("paths", "timing", "Setup WNS"), -0.5);
    equal(await last("paths", "timing", "Setup TNS"), -0.5, "the worse corner's");
    equal(await last("paths", "timing", "Failing endpoints"), 2, "endpoints of the worse corner");
    equal(await last("paths", "timing", "Hold WNS"), -0.7);
    equal(await last("paths", "qor", "Setup WNS"), -0.5);
    const { panels: paths } = await boardOf(reader, "paths", "timing");
    same(paths.get("Setup WNS by path_group")!.columns, {
      path_group: ["clk", "io"],
      "Setup WNS": [-0.5, -0.1],
    });
    same(paths.get("Worst paths")!.columns.Slack, [-0.5, -0.3, -0.1, 0.2]);
    equal(await last("violations", "drc", "DRC violations"), 3);
    const { panels: drc } = await boardOf(reader, "violations", "drc");
    same(drc.get("DRC violations by rule")!.columns, {
      rule: ["S", "W"],
      "DRC violations": [2, 1],
    });
    equal(await last("metrics", "qor", "Power"), 0.004);
    equal(await last("metrics", "qor", "Setup WNS"), -0.12);
  });
});

Deno.test("composeDashboard() makes a board that runs of any table, also when it is emptied later", async () => {
  await withTables(async ({ db }, reader) => {
    for (const { schema, name, table } of await loadOdd(db)) {
      for (const kind of ["timing", "qor", "drc"] as const) {
        const { board, panels } = await boardOf(reader, name, kind, schema);
        ok(panels.size > 0 && [...panels.values()].every(({ status }) => status === 200), name);
        equal(new Set(board.panels!.map(({ id }) => id)).size, board.panels!.length);
        for (const { gridPos } of board.panels!) ok(gridPos!.x + gridPos!.w <= 24, name);
      }
      const { board } = await boardOf(reader, name, "timing", schema);
      await db.unsafe(`delete from ${table}`);
      for (const [title, { columns }] of await drawn(reader, board)) {
        if (name !== "no_columns") same(columns, {}, `${name}: ${title}`);
      }
      await boardOf(reader, name, "qor", schema);
    }
  });
});

function boardWith(rawSql: string, format = "table"): Dashboard {
  return {
    ...place,
    time: { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" },
    panels: [{ id: 7, type: "table", targets: [{ refId: "A", rawSql, format }] }],
  } as unknown as Dashboard;
}

Deno.test("runPanel() answers in Grafana's shape: numbers, times in ms, null for what is no number", async () => {
  await withTables(async (_, reader) => {
    const sql = `select 9007199254740991::int8 as i, 1.5::numeric as n, 'NaN'::float8 as x,
      '2026-01-01T00:00:01Z'::timestamptz as t, true as b, 'ä' as s, array[1,2] as l, null::int as z`;
    same(await runPanel(reader, boardWith(sql), 7, never), {
      status: 200,
      body: {
        results: {
          A: {
            status: 200,
            frames: [{
              schema: {
                refId: "A",
                fields: [
                  "number",
                  "number",
                  "number",
                  "time",
                  "boolean",
                  "string",
                  "string",
                  "number",
                ]
                  .map((type, i) => ({ name: "inxtbslz"[i], type })),
              },
              data: {
                values: [[9007199254740991], [1.5], [null], [1767225601000], [true], ["ä"], [
                  "[1,2]",
                ], [
                  null,
                ]],
              },
            }],
          },
        },
      },
    });
    const none = await runPanel(reader, boardWith("select 1 where false"), 7, never);
    same(none.body, { results: { A: { status: 200, frames: [] } } });
  });
});

Deno.test("runPanel() reports refused SQL, stops at 10,000 rows, and on the signal", async () => {
  await withTables(async (_, reader) => {
    const unknown = { code: "panel_unknown", status: 404 };
    await rejects(runPanel(reader, boardWith("select 1"), 8, never), unknown);
    const refused = async (sql: string, message: string) =>
      await rejects(runPanel(reader, boardWith(sql), 7, never), {
        code: "query_refused",
        status: 400,
        message,
      });
    await refused(`select "x"`, 'The query selects a column that does not exist, near "x".');
    // PostgreSQL's own sentence would quote the value.
    const value = "select 'a value of a row'::text::int";
    await refused(value, "The query has a value that does not fit its type.");
    await refused("select 1e400::float8", "The query was refused by PostgreSQL (SQLSTATE 22003).");
    const long = await runPanel(
      reader,
      boardWith("select generate_series(1, 20000) as i"),
      7,
      never,
    );
    equal(long.body.results.A!.frames[0]!.data.values[0]!.length, 10_000);
    const stop = new AbortController();
    const started = performance.now();
    const slow = runPanel(reader, boardWith("select pg_sleep(20)"), 7, stop.signal);
    setTimeout(() => stop.abort(new Error("stopped")), 100);
    await rejects(slow, /stopped/);
    ok(performance.now() - started < 5000);
    equal((await runPanel(reader, boardWith("select 1"), 7, never)).status, 200);
  });
});

Deno.test("widen() puts series side by side, null where one has no value at a time", () => {
  const field = (name: string, type: "time" | "string" | "number") => ({ name, type });
  same(
    widen({
      schema: {
        refId: "A",
        fields: [field("time", "time"), field("metric", "string"), field("value", "number")],
      },
      data: { values: [[2, 1, 2], ["b", "a", "a"], [20, 10, 11]] },
    }),
    {
      schema: {
        refId: "A",
        fields: [field("time", "time"), field("a", "number"), field("b", "number")],
      },
      data: { values: [[1, 2], [10, 11], [null, 20]] },
    },
  );
});

Deno.test("the board page draws each kind of panel, and says which are empty or in error", async () => {
  await withTables(async ({ db }, reader) => {
    const title = `</script><script>document.title = "planted"</script>"'<b>é`;
    await db.unsafe(`create table public.t (run_ts timestamptz, "<img src=x>" text, wns_ns float8);
      insert into public.t values ('2026-01-01Z', '</script>', -0.25), ('2026-01-02Z', 'b', -0.125)`)
      .simple();
    const { board } = await boardOf(reader, "t", "timing");
    board.title = title;
    const broken = {
      id: 98,
      type: "table",
      title: "Broken",
      gridPos: { x: 0, y: 40, w: 12, h: 6 },
    };
    const target = { refId: "A", format: "table", rawSql: "select nothing" };
    const bare = { ...broken, id: 99, title: "Bare" };
    board.panels!.push(
      { ...broken, targets: [target] } as never,
      { ...bare, targets: [{ ...target, rawSql: "select 1 where false" }] } as never,
    );
    await using server = serveBoard(reader, board);
    const browser = connectBrowser({ install: false, log: taskLog() });
    try {
      const page = await browser.withPage(
        { width: 1920, height: 1400, headers: {}, origin: server.origin, timeoutMs: 20_000 },
        never,
        async (page) => {
          await openParsed(page, `${server.origin}/boards/1?signature=s%2B1`);
          return await page.evaluate<{ title: string; panels: [string, string, string][] }>(
            `(async () => {
            while (!document.documentElement.dataset.ready) await new Promise((r) => setTimeout(r, 20));
            return { title: document.title, panels: [...document.querySelectorAll("[data-panelid]")].map((p) =>
              [p.querySelector("h2").textContent, p.dataset.state, p.querySelector(".panel-content").innerText]) };
          })()`,
          );
        },
      );
      equal(page.title, title);
      const states = new Map(page.panels.map(([title, ...rest]) => [title, rest]));
      same(states.get("Setup WNS"), ["loaded", "-0.125 ns"]);
      equal(states.get("Setup WNS over runs")![0], "loaded");
      ok(states.get("Newest rows")![1]!.includes("</script>"));
      same(states.get("Broken"), [
        "error",
        "The query selects a column that does not exist, near nothing.",
      ]);
      same(states.get("Bare"), ["empty", "No data"]);
      equal(states.size, board.panels!.length);
      same(
        server.asked.toSorted((a, b) => Number(a.panel) - Number(b.panel)),
        board.panels!.map(({ id }) => ({
          panel: `${id}`,
          uid: "dk-1",
          signature: "s+1",
          body: id,
        })),
      );
    } finally {
      await browser.close();
    }
  });
});
