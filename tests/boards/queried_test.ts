import { deepStrictEqual as same } from "node:assert";
import type { Dashboard } from "../../src/boards/compose.ts";
import { queriedPanels } from "../help/boards/queried.ts";
import { shownPanels } from "../../src/boards/queried.ts";

const PG = { type: "postgres", uid: "pg" };
const SQL = { refId: "A", rawSql: "select 1" };
const board = (...panels: object[]) =>
  ({
    panels: panels.map((panel, i) => ({ id: i + 1, type: "table", datasource: PG, ...panel })),
  }) as unknown as Dashboard;

Deno.test("queriedPanels() leaves out what never asks: by type, hidden, without a text, answered in the page", () => {
  const types = [
    "text",
    "news",
    "dashlist",
    "annolist",
    "alertlist",
    "welcome",
    "gettingstarted",
  ];
  same(queriedPanels(board(...types.map((type) => ({ type, targets: [SQL] })))), []);
  const silent = [
    {},
    { targets: [] },
    { targets: [{ ...SQL, hide: true }] },
    { targets: [{ refId: "A", rawSql: " " }] },
    { targets: [{ refId: "A", expr: "" }] },
    { targets: [SQL], snapshotData: [{}] },
    { targets: [{ refId: "A", panelId: 1 }], datasource: { uid: "-- Dashboard --" } },
    { targets: [{ refId: "A", panelId: 1 }], datasource: "-- Dashboard --" },
    { targets: [{ queryType: "snapshot" }], datasource: { uid: "grafana" } },
    {
      datasource: { uid: "-- Mixed --" },
      targets: [{ panelId: 1, datasource: { uid: "-- Dashboard --" } }],
    },
  ];
  same(queriedPanels(board(...silent)), []);
});

Deno.test("queriedPanels() names what asks, also where one target of several does", () => {
  const asking = [
    { targets: [SQL] },
    { targets: [{ ...SQL, hide: true }, { refId: "B", expression: "$A * 2" }] },
    { targets: [{ refId: "A", scenarioId: "random_walk" }], datasource: { uid: "testdata" } },
    { targets: [{ queryType: "randomWalk" }], datasource: { uid: "grafana" } },
    {
      datasource: { uid: "-- Mixed --" },
      targets: [{ panelId: 1, datasource: { uid: "-- Dashboard --" } }, { ...SQL, datasource: PG }],
    },
    { type: "a-plugin-of-tomorrow", targets: [SQL], datasource: null },
  ];
  same(queriedPanels(board(...asking)), [1, 2, 3, 4, 5, 6]);
});

Deno.test("shownPanels() knows repeated panels, and those in a repeated row", () => {
  const row = (repeat?: string) => ({ type: "row", panels: [], ...(repeat ? { repeat } : {}) });
  const shown = shownPanels(board({ repeat: "c" }, {}, row("c"), {}, row(), {}));
  same(shown.map(({ id, isRepeated }) => [id, isRepeated]), [
    [1, true],
    [2, false],
    [4, true],
    [6, false],
  ]);
});
