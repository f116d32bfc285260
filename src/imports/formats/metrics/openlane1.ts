import {
  type Cell,
  type Format,
  type Output,
  ParseError,
  type Parser,
  type Said,
} from "../format.ts";
import { delimited } from "../tables/delimited.ts";
import { isBlank } from "../tables/dialect.ts";
import { columnNames } from "../tables/header.ts";
import { withLineFeeds } from "../tables/line_ends.ts";
import { isNotRun, knownTable } from "../tables/tools.ts";
import { secondsOf, valueAndText } from "./figures.ts";
import { type RunColumns, writeMetrics, writeRun } from "./run.ts";

type Fields = Map<string, Cell>;

/** Columns of `runs` and the tool's columns, the first that was run; later versions renamed some. */
const FIGURES: [column: string, from: string[]][] = [
  ["core_area_um2", ["CoreArea_um^2"]],
  ["die_area_mm2", ["DIEAREA_mm^2"]],
  ["utilization_pct", ["OpenDP_Util"]],
  ["cells", ["TotalCells", "cell_count"]],
  ["setup_wns_ns", ["wns"]],
  ["setup_tns_ns", ["tns"]],
  ["wirelength", ["wire_length"]],
  ["vias", ["vias"]],
  ["lvs_errors", ["lvs_total_errors"]],
  ["antenna_violations", ["net_antenna_violations", "antenna_violations"]],
  ["peak_mem_mb", ["Peak_Memory_Usage_MB"]],
];
/** Checks of the same rules: the worst is the number. */
const DRC = ["tritonRoute_violations", "Magic_violations", "klayout_violations"];
/** The names say uW; the values are in W (OpenLane issue 1032). */
const POWER = ["internal", "switching", "leakage"].map((part) => `power_typical_${part}_uW`);

const numberIn = (fields: Fields, name: string) => valueAndText(fields.get(name) ?? null).value;

function runOf(fields: Fields): RunColumns {
  const columns: RunColumns = new Map();
  const set = (name: string, value: number | null | undefined) => {
    if (value !== null && value !== undefined) columns.set(name, value);
  };
  for (const [column, from] of FIGURES) {
    set(column, from.map((name) => numberIn(fields, name)).find((value) => value !== null));
  }
  const counts = DRC.map((name) => numberIn(fields, name)).filter((value) => value !== null);
  if (counts.length > 0) set("drc_errors", Math.max(...counts));
  const [internal, switching, leakage] = POWER.map((name) => numberIn(fields, name));
  set("power_internal_w", internal);
  set("power_switching_w", switching);
  set("power_leakage_w", leakage);
  if (internal != null && switching != null && leakage != null) {
    set("power_total_w", internal + switching + leakage);
  }
  set("runtime_s", secondsOf(String(fields.get("total_runtime") ?? "")));
  return columns;
}

const TAG = /^(?:RUN_)?(?:20)?(\d\d)[._](\d\d)[._](\d\d)_(\d\d)[._](\d\d)(?:[._](\d\d))?$/;

/** A dated tag names the run; another one is a variant of the design. */
function saidIn(fields: Fields): Said {
  const design = String(fields.get("design_name") ?? "");
  const tag = String(fields.get("config") ?? "");
  const [, year, month, day, hour, minute, second = "00"] = TAG.exec(tag) ?? [];
  const dated = year &&
    { run_id: tag, run_ts: `20${year}-${month}-${day}T${hour}:${minute}:${second}` };
  return { design, ...dated || tag !== design && { variant: tag } };
}

function open(out: Output): Parser {
  let names: string[] | undefined;
  let fields: Fields | undefined;
  const rows = delimited(",", 1, (cells, line, isOpen) => {
    if (isBlank(cells)) return;
    if (!names) {
      names = columnNames(cells, line, (message) => out.warn(message, line));
      return;
    }
    if (fields) throw new ParseError("One row is expected: a table of runs is read as csv.", line);
    if (cells.length !== names.length) {
      const cut = isOpen ? " Is the file cut?" : "";
      throw new ParseError(
        `The row has ${cells.length} cells, the header ${names.length}.${cut}`,
        line,
      );
    }
    const values = cells.map((cell) => cell.trim());
    fields = new Map(
      names.map((name, i) => [name, isNotRun(values[i]!) ? null : values[i] || null]),
    );
  });
  return withLineFeeds({
    write: rows.write,
    end() {
      rows.end();
      if (!fields) throw new ParseError("The row of the run is missing.", 2);
      out.say(saidIn(fields));
      writeRun(out, runOf(fields));
      const metrics = [...fields].filter(([, value]) => value !== null);
      writeMetrics(
        out,
        metrics.map(([name, value]) => ({ name, stage: null, corner: null, value })),
      );
    },
  });
}

/** metrics.csv and final_summary_report.csv of one run: docs/source/reference/datapoint_definitions.md. */
export const openlane1Csv: Format = {
  name: "openlane1-csv",
  tool: "OpenLane 1",
  kind: "qor",
  table: "runs",
  recognise(start) {
    const [header = "", ...more] = start.split(/\r?\n/).filter((line) => line.trim() !== "");
    const names = header.replace(/^\ufeff/, "").split(",").map((name) => name.trim());
    return more.length === 1 && knownTable(names)?.tool === "OpenLane 1" ? 0.95 : 0;
  },
  open,
};
