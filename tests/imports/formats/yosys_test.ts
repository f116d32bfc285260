import { deepStrictEqual as same, equal, match, throws } from "node:assert/strict";
import { ParseError } from "../../../src/imports/formats/format.ts";
import { collect } from "../../help/imports/collect.ts";
import { recognised } from "../../help/imports/reports.ts";

const read = (text: string) => collect(recognised(text, "stat.rpt")!, text);

/** As Yosys 0.70 prints it. */
const COLUMNS = `
4. Printing statistics.

=== top ===

        +----------------------------Count including submodules.
        |        +-------------------Area including submodules.
        |        |        +----------Local count, excluding submodules.
        |        |        |        +-Local area, excluding submodules.
        |        |        |        | 
       32        -        7        - wires
        -        -        -        - processes
       33     89.5        3     6.25 cells
       12       54        -        -   $_DFF_P_
       21 1.65E+03        3     6.25   $_XOR_
        2    83.25        2        - submodules
        2    83.25        2        -   mid

   Chip area for module '\\top': 89.500000
     of which used for sequential elements: 54.000000 (60.34%)

=== mid (partially selected) ===

        +----------------------------Count including submodules.
        |        +-------------------Area including submodules.
        |        |        +----------Local count, excluding submodules.
        |        |        |        +-Local area, excluding submodules.
        |        |        |        | 
        5        -        5        - wires
       10    27.75       10    27.75 cells
       10       36       10       36   $_DFF_P_

   Chip area for module '\\mid': 27.750000

=== design hierarchy ===

        +----------------------------Count including submodules.
        |        +-------------------Area including submodules.
        |        |        +----------Local count, excluding submodules.
        |        |        |        +-Local area, excluding submodules.
        |        |        |        | 
       33     89.5        3     6.25 top
       20     55.5        -        - mid

        +----------------------------Count including submodules.
        |        +-------------------Area including submodules.
        |        |        +----------Local count, excluding submodules.
        |        |        |        +-Local area, excluding submodules.
        |        |        |        | 
       32        -        7        - wires
       33     89.5        3     6.25 cells
       12       54        -        -   $_DFF_P_
       21 1.65E+03        3     6.25   $_XOR_
        2    83.25        2        - submodules
        2    83.25        2        -   mid

   Chip area for top module '\\top': 89.500000
     of which used for sequential elements: 54.000000 (60.34%)
`;

Deno.test("stat with columns in front: the design's types count once, submodules are no cells", () => {
  const { said, tables, warnings } = read(COLUMNS);
  same(said, { design: "top" });
  same(tables.runs, [{ cells: 33, area: 89.5 }]);
  same(tables.area, [
    { cell: "$_DFF_P_", cells: 12, area: 54 },
    { cell: "$_XOR_", cells: 21, area: 1650 },
  ]);
  same(warnings, []);
});

Deno.test("stat with columns in front: local counts, with and without area", () => {
  const local = (area: boolean) =>
    `=== spm ===

        +----------Local Count, excluding submodules.
        |        ${area ? "+-Local Area, excluding submodules.\n        |        | " : ""}
      174 ${area ? "       - " : ""}wires
       37 ${area ? " 4703.53 " : ""}cells
       18 ${area ? " 299.376 " : ""}  AND3D1
       19 ${area ? "       - " : ""}  DFF HQ
${area ? "\n   Chip area for module '\\spm': 4703.529600\n" : ""}`;
  same(read(local(true)).tables, {
    runs: [{ cells: 37, area: 4703.5296 }],
    area: [{ cell: "AND3D1", cells: 18, area: 299.376 }, { cell: "DFF HQ", cells: 19 }],
  });
  same(read(local(false)).tables, {
    runs: [{ cells: 37 }],
    area: [{ cell: "AND3D1", cells: 18 }, { cell: "DFF HQ", cells: 19 }],
  });
});

/** As Yosys 0.23 prints it. */
const counts = (name: string, cells: number, types: string[]) =>
  [
    ...["", `=== ${name} ===`, ""],
    ...(name === "design hierarchy" ? ["   top             1", "     leaf          2", ""] : []),
    ...["   Number of wires:                  7", `   Number of cells:       ${cells}`],
    ...types.map((type) => `     ${type}`),
    "",
  ].join("\n");

Deno.test("stat with counts behind: modules without a whole have their own rows and no total", () => {
  const modules = counts("leaf", 3, ["$_AND_   3"]) + counts("top", 2, ["leaf     2"]);
  same(read(modules).tables, {
    area: [
      { module: "leaf", cell: "$_AND_", cells: 3 },
      { module: "top", cell: "leaf", cells: 2 },
    ],
  });
  const { said, tables } = read(modules + counts("design hierarchy", 6, ["$_AND_   6"]));
  same(said, { design: "top" });
  same(tables, { runs: [{ cells: 6 }], area: [{ cell: "$_AND_", cells: 6 }] });
});

Deno.test("a log with several reports: the last one is read", () => {
  const log = [
    " Yosys 0.38 (git sha1 543faed9c8c, clang 14.0.0)",
    ...["2.1. Printing statistics.", counts("top", 9, ["$add   9"])],
    ...["3. Executing ABC pass.", "ABC: + strash", "61. Printing statistics."],
    ...[counts("top", 4, ["sky130_fd_sc_hd__inv_2   4"]), "End of script. Logfile hash: 1", ""],
  ].join("\n");
  const { said, tables, warnings } = read(log);
  same(said, { tool_version: "0.38", design: "top" });
  same(tables, { runs: [{ cells: 4 }], area: [{ cell: "sky130_fd_sc_hd__inv_2", cells: 4 }] });
  equal(warnings.length, 1);
});

Deno.test("stat -json: lines of Yosys 0.2x within, a log around, counts with -hierarchy", () => {
  const json = (types: string, cells: string) =>
    `7. Printing\n{\n   "creator": "Yosys 0.23 (git sha1 7ce5011c24b)",\n   "modules": {\n` +
    `      "\\\\top": { "num_cells": ${cells}, "num_cells_by_type": { ${types} } },\n` +
    `      "\\\\mid": { "num_cells": 1, "num_cells_by_type": { "$not": 1 } }\n   },\n` +
    `       mid                           1\n` +
    `      "design": { "num_cells": ${cells}, "num_cells_by_type": { ${types}, "mid": 1 } }\n}\nEnd.\n`;
  const plain = read(json('"$dff": 2', "2"));
  same(plain.said, { tool_version: "0.23" });
  same(plain.tables, { runs: [{ cells: 2 }], area: [{ cell: "$dff", cells: 2 }] });
  const figure = '{ "count": "2", "area": "9.500000", "local_count": "0", "local_area": "0.0" }';
  same(read(json(`"$dff": ${figure}`, figure)).tables, {
    runs: [{ cells: 2, area: 9.5 }],
    area: [{ cell: "$dff", cells: 2, area: 9.5 }],
  });
  throws(() => read(json('"$dff": 2,,', "2")), (error) => {
    equal(error instanceof ParseError && error.line, 5);
    match((error as Error).message, /not valid JSON/);
    return true;
  });
});
