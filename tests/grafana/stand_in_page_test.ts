import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { takePreview } from "../../src/previews/preview.ts";
import { type Browser, connectBrowser } from "../../src/external/browser/browser.ts";
import { addTiming, timingDatabase } from "../help/grafana/database.ts";
import { startGrafana } from "../help/grafana/grafana.ts";
import { taskLog } from "../../src/external/log/open.ts";

const never = new AbortController().signal;
const POSTGRES = { type: "postgres", uid: "pg" };
const panel = (id: number, y: number, type: string, rawSql: string, more: object = {}) => ({
  ...{ id, type, title: `Panel ${id}`, gridPos: { x: 0, y, w: 12, h: 6 }, datasource: POSTGRES },
  targets: [{ refId: "A", format: "table", rawSql }],
  ...more,
});
const SERIES = "select ts as time, corner as metric, slack_ns from timing_paths " +
  "where corner in ($corner) and $__timeFilter(ts) order by 1";
/** One panel of each outcome, one without a query, and one far below. */
const BOARD = {
  uid: "board",
  title: "Timing",
  time: { from: "now-2d", to: "now" },
  templating: {
    list: [
      { name: "like", type: "constant", query: "ff%" },
      {
        ...{ name: "corner", type: "query", datasource: POSTGRES, includeAll: true },
        query: "select distinct corner from timing_paths where corner like ${like:sqlstring}",
        current: { value: ["$__all"] },
      },
    ],
  },
  panels: [
    panel(
      1,
      0,
      "stat",
      "select min(slack_ns) as worst from timing_paths where corner like '[[like]]'",
    ),
    panel(2, 6, "timeseries", SERIES, {
      targets: [{ refId: "A", format: "time_series", rawSql: SERIES }],
    }),
    panel(3, 0, "table", "select 1 where false", { gridPos: { x: 12, y: 0, w: 12, h: 6 } }),
    panel(4, 6, "barchart", "select nope", { gridPos: { x: 12, y: 6, w: 12, h: 6 } }),
    panel(5, 12, "table", "select 1", { datasource: { type: "postgres", uid: "gone" } }),
    // As Grafana exports a panel whose type was changed.
    panel(6, 12, "text", "", {
      gridPos: { x: 12, y: 12, w: 12, h: 6 },
      options: { content: "Words" },
    }),
    panel(7, 60, "barchart", "select corner, count(*) from timing_paths group by 1"),
  ],
};
const SIGNS = {
  "9.4": {
    content: (id: number) => `[data-panelid="${id}"] .panel-content`,
    error: (id: number) => `[data-panelid="${id}"] .panel-info-corner--error`,
  },
  "13": {
    content: (id: number) =>
      `[data-viz-panel-key="panel-${id}"] [data-testid="data-testid panel content"]`,
    error: (id: number) =>
      `[data-viz-panel-key="panel-${id}"] [data-testid="data-testid Panel status error"]`,
  },
};

function browserHere(): Browser & AsyncDisposable {
  const browser = connectBrowser({ install: true, log: taskLog() });
  return { ...browser, [Symbol.asyncDispose]: () => browser.close() };
}

Deno.test("the page of a dashboard asks and draws what is seen, as each version does", async () => {
  await using names = await timingDatabase();
  await using browser = browserHere();
  for (const version of ["9.4", "13"] as const) {
    await using grafana = await startGrafana({
      ...{ version, isBusy: true },
      subPath: version === "13" ? "/g" : "",
    });
    addTiming(grafana, names);
    grafana.addDashboard(structuredClone(BOARD));
    const signs = SIGNS[version];
    const url = `${grafana.url}/d/board/x?kiosk&theme=light`;
    const headers = { authorization: `Bearer ${grafana.tokens.viewer}` };
    const sizes = { width: 1000, height: 760, frames: 1, delayMs: 100, timeoutMs: 20_000 };
    const look = { theme: "light" as const, timezone: "utc" };
    const shown = [1, 2, 3, 4, 7].map((id) => ({ id, title: "", hasQuery: true }));
    const whole = { ...sizes, ...look, url, headers, panels: shown, boardHeight: 2600 };
    const opened = Date.now();
    const { panels, captured_at } = await takePreview(browser, whole, never);
    ok(captured_at!.getTime() - opened < sizes.timeoutMs, "the page's other calls have no end");
    same(panels.map(({ id, state }) => `${id} ${state}`), [
      ...["1 loaded", "2 loaded", "3 empty", "4 error", "7 loaded"],
    ]);
    equal(panels[3]!.message, 'db query error: pq: column "nope" does not exist');
    same(grafana.seen.filter(({ panel }) => panel === "5").length, 0, "it has no data source");
    const path = `${version === "13" ? "/g/api/ds/query?ds_type=postgres" : "/api/ds/query"}`;
    ok(grafana.seen.find(({ panel }) => panel === "1")!.path.startsWith(path));
    grafana.seen.length = 0;
    const view = { ...sizes, ...look, scale: 1, headers, origin: grafana.origin };
    const texts = await browser.withPage(view, never, async (page, signal) => {
      await page.open(url);
      const drawn = `[1, 2, 3, 4, 5, 6].every((id) => at.content[id]?.childNodes.length)`;
      const script = (what: string) =>
        `(() => {
        const all = (list) => list.map((selector) => document.querySelector(selector));
        const at = { content: all(${JSON.stringify([0, 1, 2, 3, 4, 5, 6, 7].map(signs.content))}),
          error: all(${JSON.stringify([0, 1, 2, 3, 4, 5, 6, 7].map(signs.error))}) };
        return ${what}; })()`;
      while (!await page.evaluate(script(drawn))) signal.throwIfAborted();
      return await page.evaluate<{ texts: (string | null)[]; errors: boolean[] }>(script(`({
        texts: at.content.map((content) => content && content.textContent),
        errors: at.error.map(Boolean) })`));
    });
    same(texts.texts.slice(3), ["No data", "No data", "No data", "Words", null]);
    equal(texts.texts[1], "-0.04");
    same(texts.errors, [0, 0, 0, 0, 1, 1, 0, 0].map(Boolean));
    ok(!grafana.seen.some(({ panel }) => panel === "7"), "it is below the fold");
    const series = grafana.seen.find(({ panel }) => panel === "2")!.body as typeof asked;
    ok(series.queries[0]!.rawSql.includes("in ('ff_0p88v_m40c')"), series.queries[0]!.rawSql);
  }
});
const asked = { queries: [{ rawSql: "" }] };

Deno.test("the page of an unknown dashboard says so", async () => {
  await using browser = browserHere();
  await using grafana = await startGrafana();
  grafana.addDashboard({ title: "another" });
  const headers = { authorization: `Bearer ${grafana.tokens.viewer}` };
  const view = { width: 600, height: 400, headers, origin: grafana.origin, timeoutMs: 10_000 };
  await browser.withPage(view, never, async (page, signal) => {
    equal((await page.open(`${grafana.url}/d/nobody/x`)).status, 200);
    const text = () => page.evaluate<string>("document.body.innerText");
    while (!(await text()).includes("Dashboard not found")) signal.throwIfAborted();
  });
});
