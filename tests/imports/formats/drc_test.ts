import { deepStrictEqual as same, ok, throws } from "node:assert/strict";
import { calibreAscii } from "../../../src/imports/formats/drc/calibre.ts";
import { magicDrc } from "../../../src/imports/formats/drc/magic.ts";
import { openroadDrcJson } from "../../../src/imports/formats/drc/openroad_json.ts";
import { Totals } from "../../../src/imports/formats/drc/totals.ts";
import { tritonRoute } from "../../../src/imports/formats/drc/tritonroute.ts";
import { type Format, ParseError } from "../../../src/imports/formats/format.ts";
import { collect, type Collected, pieces, random } from "../../help/imports/collect.ts";
import { report } from "../../help/imports/reports.ts";

const total = ({ tables }: Collected) =>
  tables.summary?.find(({ rule }) => rule === "Total")?.count;
const brief = ({ tables }: Collected) =>
  tables.violations!.map(({ rule, layer = null, x1_um, x1, nets = null, waived = null }) => [
    ...[rule, layer, x1_um ?? x1 ?? null, nets, waived],
  ]);

type Case = {
  name: string;
  format: Format;
  text: string;
  total: number | undefined;
  rows: unknown[];
};

const DASHES = "-".repeat(40);

const CASES: Case[] = [
  {
    name: "Magic as LibreLane prints it, with brackets in the rule",
    format: magicDrc,
    text:
      `top\n${DASHES}\nMetal1 > 3um spacing (met1.3(a) + 3b)\n${DASHES}\n 1.000um 2.000um 3.000um 4.000um\n` +
      `${DASHES}\nNo brackets here\n${DASHES}\n -0.500um 0.000um 1.000um 1.000um\n${DASHES}\n` +
      "[INFO] COUNT: 2\n[INFO] Should be divided by 3 or 4\n\n",
    total: 2,
    rows: [
      ["met1.3(a) + 3b", null, 1, null, null],
      ["No brackets here", null, -0.5, null, null],
    ],
  },
  {
    name: "Magic with the count after the cell and without units",
    format: magicDrc,
    text:
      `top 2\n${DASHES}\nWidth < 2 (w.1)\n${DASHES}\n 1.000 2.000 3.000 4.000\n 5 6 7 8\n${DASHES}\n\n`,
    total: 2,
    rows: [["w.1", null, 1, null, null], ["w.1", null, 5, null, null]],
  },
  {
    name: "Magic as open_pdks prints it",
    format: magicDrc,
    text:
      `DRC errors for cell top\n${DASHES}----\n\nWidth < 2 (w.1)\n1.000 2.000 3.000 4.000\n\nSpacing (s.2)\n5 6 7 8\n`,
    total: 2,
    rows: [["w.1", null, 1, null, null], ["s.2", null, 5, null, null]],
  },
  {
    name: "OpenROAD's markers with sources, comments and no layer",
    format: tritonRoute,
    text: "violation type: Metal Spacing\n\tsrcs: net:a net:b[0] inst:u1/x obstruction: \n" +
      "\tcomment: needs 0.1\n\tbbox = (1.5000, 2.0000) - (3.0000, 4.0000) on Layer met1\n" +
      "violation type: Short\n\tsrcs:\n\tbbox = (-1e-2, 0) - (1, 1) on Layer -\n",
    total: 2,
    rows: [
      ["Metal Spacing", "met1", 1.5, "a,b[0],inst:u1/x,obstruction:", null],
      ["Short", null, -0.01, null, null],
    ],
  },
  {
    name: "OpenROAD's sources as a list",
    format: tritonRoute,
    text:
      "violation type: Short\n\tsrcs:\n\t  - net:a\n\t  - net:b\n\tbbox = (1, 1) - (2, 2) on Layer met1\n",
    total: 1,
    rows: [["Short", "met1", 1, "a,b", null]],
  },
  {
    name: "congestion and unconnected nodes, which are no DRC",
    format: tritonRoute,
    text: "violation type: Horizontal congestion\n\tsrcs: net:a\n\tcomment: capacity:0 usage:1\n" +
      "\tbbox = (1, 1) - (2, 2) on Layer -\nviolation type: Unconnected node\n\tsrcs: net:VDD\n" +
      "\tbbox = (1, 1) - (2, 2) on Layer met1\n",
    total: undefined,
    rows: [
      ["Horizontal congestion", null, 1, "a", null],
      ["Unconnected node", "met1", 1, "VDD", null],
    ],
  },
  {
    name: "Calibre with checks without results, cells, properties, edges, waivers and comments",
    format: calibreAscii,
    text: "TOP 2000\n// written by a tool\nEMPTY.1\n0 0 1 Jul 11 01:55:00 2026\nnothing\nM1.S\n" +
      "3 5 4 Jul 12 02:00:00 2026\nRule File Pathname: deck\nspace < 0.1\nWE0 user\nWE0 accepted\n" +
      "p 1 4\n1000 2000\n3000 2000\n3000 4000\n1000 4000\ne 2 2\nCN sub c 1 0 0 1 0 0\n500 0 500 900\n" +
      "700 0 700 900\np 3 3\nDIST 0.05\n-2000 0\n0 0\n0 1\n",
    total: 2,
    rows: [
      ["M1.S", null, 0.5, null, true],
      ["M1.S", null, 0.25, null, false],
      ["M1.S", null, -1, null, false],
    ],
  },
  { name: "Calibre without checks", format: calibreAscii, text: "TOP 1000\n", total: 0, rows: [] },
  {
    name: "OpenROAD's JSON, where all is text and what is empty is an empty text",
    format: openroadDrcJson,
    text: JSON.stringify({
      DRC: {
        ...{ description: "", source: "a.rpt", max_markers: "0" },
        category: {
          Short: {
            source: "a.rpt",
            violations: [
              {
                ...{ visited: "true", visible: "true", waived: "false", layer: "met1" },
                shape: [{ type: "box", points: [{ x: "1.5000", y: "2" }, { x: "3", y: "4" }] }],
                sources: [{ type: "net", name: "a" }, { type: "net", name: "b" }],
              },
              { waived: "true", layer: "met1", shape: "", sources: "" },
            ],
          },
          Group: { category: { "a.b": { violations: [{ shape: "" }] } } },
        },
      },
    }),
    total: 2,
    rows: [
      ["Short", "met1", 1.5, "a,b", false],
      ["Short", "met1", null, null, true],
      ["a.b", null, null, null, false],
    ],
  },
  {
    name: "JSON of ORFS' converter",
    format: openroadDrcJson,
    text: JSON.stringify({
      DRC: [{
        ...{ name: "m1.1", description: "width" },
        violations: [{ type: "edge", shape: [{ x: 1, y: 2 }, { x: 0, y: 5 }] }],
      }],
    }),
    total: 1,
    rows: [["m1.1", null, 0, null, false]],
  },
];

for (const one of CASES) {
  Deno.test(`${one.format.name} reads ${one.name}`, () => {
    ok(one.format.recognise(one.text, "x.rdb") > 0.5);
    const read = collect(one.format, one.text);
    same([brief(read), total(read)], [one.rows, one.total]);
    const next = random(2);
    for (let i = 0; i < 10; i++) same(collect(one.format, pieces(one.text, 9, next)), read);
    same(collect(one.format, one.text.replaceAll("\n", "\r\n")).tables, read.tables);
  });
}

Deno.test("Calibre's newest check is the run's time; a result that is not listed is said", () => {
  const { said, warnings, tables } = collect(calibreAscii, CASES[6]!.text);
  same(said, { design: "TOP", tool: "Calibre", run_ts: "2026-07-12T02:00:00" });
  same(warnings, []);
  const [waived, edge] = tables.violations!;
  same([waived!.cell, edge!.cell, edge!.shape, waived!.description], [
    ...["TOP", "sub", "edge", "space < 0.1"],
  ]);
  const { warnings: [missing] } = collect(calibreAscii, "TOP 1\nA\n2 2 0\np 1 1\n0 0\n");
  ok(/lists 1 results, its header says 2/.test(missing!.message));
});

const REFUSED: [name: string, format: Format, text: string, line: number, message: RegExp][] = [
  [
    "a count that is not that of the shapes",
    magicDrc,
    `t\n${DASHES}\nA (a)\n${DASHES}\n 1um 2um 3um 4um\n[INFO]: COUNT: 2\n`,
    6,
    /counts 2/,
  ],
  [
    "a shape with three numbers",
    magicDrc,
    `t\n${DASHES}\nA (a)\n${DASHES}\n 1.0um 2.0um 3.0um\n`,
    5,
    /cut/,
  ],
  [
    "a report without a count",
    magicDrc,
    `t\n${DASHES}\nA (a)\n${DASHES}\n 1um 2um 3um 4um\n${DASHES}\n`,
    6,
    /before its count/,
  ],
  ["a shape before a rule", magicDrc, `t 1\n${DASHES}\n 1 2 3 4\n`, 3, /before the first rule/],
  ["a violation without bbox", tritonRoute, "violation type: A\n\tsrcs: a\n", 1, /no bbox/],
  [
    "a bbox that is cut",
    tritonRoute,
    "violation type: A\n srcs: a\n bbox = (1, 2) - (3",
    3,
    /bbox/,
  ],
  [
    "other text",
    tritonRoute,
    "violation type: A\n bbox = (1, 2) - (3, 4) on Layer m\nhello\n",
    3,
    /violation type/,
  ],
  [
    "a shape with too few corners",
    calibreAscii,
    "T 1\nA\n1 1 0\np 1 4\n0 0\n1 1\n",
    4,
    /inside of a check/,
  ],
  ["coordinates that are none", calibreAscii, "T 1\nA\n1 1 0\np 1 2\n0 0\n1 x\n", 6, /coordinates/],
  ["a check without counts", calibreAscii, "T 1\nA\nB\n", 3, /Counts and a date/],
  ["a check that is only a name", calibreAscii, "T 1\nA\n", 2, /inside of a check/],
  ["a precision of 0", calibreAscii, "T 0\n", 1, /precision/],
];

for (const [name, format, text, line, message] of REFUSED) {
  Deno.test(`${format.name} refuses ${name}`, () => {
    throws(() => collect(format, text), (error) => {
      return error instanceof ParseError && error.line === line && message.test(error.message);
    });
  });
}

Deno.test("a Magic report that is cut anywhere is refused", () => {
  for (const file of ["magic_drc.rpt", "magic_drc_clean.rpt"]) {
    const { text } = report(file);
    const end = text.indexOf("COUNT: ") + "COUNT: 58".length;
    for (let at = 0; at < Math.min(end, text.length) - 1; at += 7) {
      throws(() => collect(magicDrc, text.slice(0, at)), `${file} at ${at}`);
    }
  }
});

Deno.test("Totals counts 100,000 rules, of more the total only", () => {
  const totals = new Totals();
  for (let i = 0; i <= 100_000; i++) totals.add(`rule ${i}`, null);
  const rows: unknown[] = [];
  const warnings: string[] = [];
  totals.write({
    say: () => {},
    table: () => (cells) => rows.push(cells),
    warn: (message) => warnings.push(message),
  });
  same(rows, [["Total", null, 100_001]]);
  ok(warnings.length === 1);
});
