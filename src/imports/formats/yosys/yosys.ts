import type { Format } from "../format.ts";
import { jsonReader } from "./json.ts";
import { textReader } from "./text.ts";

const common = { tool: "Yosys", kind: "qor", table: "area" } as const;
const source = "https://github.com/YosysHQ/yosys/blob/main/passes/cmds/stat.cc";

const TEXT = /^[ \t]*=== \S.* ===[ \t\r]*$/m;
const BODY =
  /^[ \t]*(?:Number of cells: +\d+|[|+ -]*\+-+(?:Local [Cc]ount, excluding|Count including) submodules\.)[ \t\r]*$/m;

export const YOSYS: (Format & { source: string })[] = [
  {
    ...common,
    ...{ name: "yosys-stat", source, open: textReader },
    recognise: (start) => TEXT.test(start) && BODY.test(start) ? 0.9 : 0,
  },
  {
    ...common,
    ...{ name: "yosys-stat-json", source, open: jsonReader },
    recognise: (start) =>
      /"creator": *"Yosys /.test(start) && /"num_cells_by_type"/.test(start) ? 0.95 : 0,
  },
];
