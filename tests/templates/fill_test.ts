import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { cleanExport, fillTemplate, unfolded } from "../../src/templates/fill.ts";
import { isShallow, type JsonObject, MOST_DEPTH } from "../../src/templates/json.ts";

const place = {
  uid: "dk-d7",
  title: "paths",
  tags: ["dashkeeper", "timing"],
  datasource: { type: "postgres", uid: "dk-1-timing" },
};
const named = { table: "paths", schema: "public" };
const time = { from: "2026-01-01T00:00:00.000Z", to: "2026-01-02T00:00:00.000Z" };
const fill = (template: JsonObject, name: Partial<typeof named> = {}) =>
  fillTemplate(template, { ...named, ...name }, place, time) as unknown as JsonObject;

const EXPORT: JsonObject = {
  __inputs: [
    { name: "DS_PG", type: "datasource", pluginId: "grafana-postgresql-datasource" },
    { name: "VAR_LIMIT", type: "constant", value: "20" },
  ],
  __elements: {},
  __requires: [{ type: "panel", id: "stat" }],
  annotations: { list: [{ builtIn: 1, datasource: { type: "grafana", uid: "-- Grafana --" } }] },
  editable: true,
  fiscalYearStartMonth: 0,
  graphTooltip: 1,
  id: 4,
  uid: "x",
  version: 12,
  title: "A title",
  tags: ["theirs"],
  time: { from: "now-6h", to: "now" },
  timezone: "browser",
  schemaVersion: 37,
  templating: {
    list: [
      {
        name: "design",
        type: "query",
        datasource: { type: "postgres", uid: "${DS_PG}" },
        query: "SELECT design FROM ${table}",
        definition: "SELECT design FROM ${table}",
      },
      { name: "note", type: "textbox", query: "of ${table}" },
    ],
  },
  panels: [
    {
      type: "row",
      collapsed: true,
      panels: [{ id: 3, type: "stat", targets: [{ rawSql: "SELECT 1 FROM ${table}" }] }],
    },
    {
      id: 8,
      type: "table",
      title: "Of ${schema}.${table}",
      datasource: "Team database",
      fieldConfig: { defaults: { unit: "ns", custom: { nothing: null } }, overrides: [] },
      links: [{ title: "${table}", url: "https://wiki.test/${table}?d=${__url_time_range}" }],
      targets: [{
        refId: "A",
        rawSql:
          "SELECT * FROM ${schema}.${table} WHERE $__timeFilter(t) AND d IN (${design:sqlstring}) LIMIT ${VAR_LIMIT}",
      }],
    },
    {
      id: 9,
      type: "stat",
      datasource: { type: "datasource", uid: "-- Mixed --" },
      targets: [{ rawSql: "SELECT 1" }, {
        expr: "up",
        datasource: { type: "prometheus", uid: "p" },
      }],
    },
    { id: 10, type: "text", options: { mode: "html", content: "<b>${table}</b>" } },
  ],
};

Deno.test("cleanExport() drops where a dashboard came from, and nothing else", () => {
  const before = structuredClone(EXPORT);
  const kept = cleanExport(EXPORT);
  same(EXPORT, before, "what was given is left alone");
  const own = { type: "postgres", uid: "${datasource}" };
  // The same by hand.
  const wanted = structuredClone(EXPORT) as Record<string, never>;
  for (const name of ["__inputs", "__requires", "id", "uid", "version"]) delete wanted[name];
  const { panels, templating } = wanted as unknown as {
    panels: {
      id: number;
      datasource: unknown;
      panels: { datasource: unknown; targets: { datasource: unknown }[] }[];
      targets: { datasource: unknown; rawSql: string }[];
    }[];
    templating: { list: { datasource: unknown }[] };
  };
  templating.list[0]!.datasource = own;
  panels[0]!.id = 11;
  panels[0]!.panels[0]!.datasource = own;
  panels[0]!.panels[0]!.targets[0]!.datasource = own;
  panels[1]!.datasource = own;
  panels[1]!.targets[0]!.datasource = own;
  panels[1]!.targets[0]!.rawSql = panels[1]!.targets[0]!.rawSql.replace("${VAR_LIMIT}", "20");
  panels[2]!.targets[0]!.datasource = own;
  const asked = [panels[0]!.panels[0]!.targets[0]!, ...panels[2]!.targets];
  for (const [i, refId] of ["A", "A", "B"].entries()) Object.assign(asked[i]!, { refId });
  same(kept, wanted);
});

Deno.test("unfolded() opens each folded row and moves what stands below it", () => {
  const at = (y: number, h: number) => ({ gridPos: { x: 0, y, w: 24, h } });
  const row = (y: number, panels: JsonObject[]) => ({ type: "row", panels, ...at(y, 1) });
  const board = {
    panels: [
      { id: 9, type: "stat", ...at(2, 5) },
      row(1, [{ id: 2, ...at(7, 3) }, { id: 3, ...at(10, 4) }]),
      { id: 1, ...at(0, 1) },
      row(7, []),
    ],
  };
  const { panels } = unfolded(board as never);
  same(panels!.map(({ id, gridPos }) => [id, gridPos!.y]), [
    [1, 0],
    [undefined, 1],
    [2, 2],
    [3, 5],
    [9, 9],
    [undefined, 14],
  ]);
});

Deno.test("fillTemplate() fills in what is ours and leaves what is Grafana's", () => {
  const board = fill(cleanExport(EXPORT));
  same(
    [board.uid, board.title, board.tags, board.time],
    [place.uid, place.title, place.tags, time],
  );
  same([board.timezone, board.graphTooltip, board.schemaVersion], ["browser", 1, 37]);
  const [row, table, mixed, text] = board.panels as JsonObject[];
  same((row!.panels as JsonObject[])[0]!.datasource, place.datasource);
  equal(table!.title, "Of public.paths");
  same(table!.datasource, place.datasource);
  same((table!.targets as JsonObject[])[0], {
    refId: "A",
    datasource: place.datasource,
    rawSql:
      'SELECT * FROM "public"."paths" WHERE $__timeFilter(t) AND d IN (${design:sqlstring}) LIMIT 20',
  });
  same(mixed!.datasource, { type: "datasource", uid: "-- Mixed --" });
  same((text!.options as JsonObject).content, "<b>paths</b>");
  const [design, note] = (board.templating as JsonObject).list as JsonObject[];
  same([design!.query, note!.query], ['SELECT design FROM "public"."paths"', "of paths"]);
});

Deno.test("fillTemplate() writes a hostile name as what it is, wherever it stands", () => {
  const table = '<img src=x onerror=alert(1)>"&${schema}/../?x';
  const board = fill(cleanExport(EXPORT), { table });
  const [, panel, , text] = board.panels as JsonObject[];
  equal(panel!.title, `Of public.${table}`, "a name is not read as a placeholder");
  const [link] = panel!.links as JsonObject[];
  equal(link!.url, `https://wiki.test/${encodeURIComponent(table)}?d=\${__url_time_range}`);
  equal(link!.title, table);
  const { content } = text!.options as { content: string };
  equal(/<img|"/.test(content), false, content);
});

Deno.test("isShallow() counts levels, of any number", () => {
  const nested = (depth: number) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`);
  equal(isShallow(nested(MOST_DEPTH)), true);
  equal(isShallow(nested(MOST_DEPTH + 2)), false);
  equal(isShallow(nested(100_000)), false);
});
