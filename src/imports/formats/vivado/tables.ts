import { ParseError } from "../format.ts";
import type { Row, WriteRow } from "../rows.ts";
import { cellsOf, type Column, columnsOf, isDashes } from "./columns.ts";

/** Setup and hold here are all checks of the greatest and the least delay, recovery included. */
const NAMES: Record<string, string> = {
  ...{ "WNS(ns)": "setup_wns_ns", "TNS(ns)": "setup_tns_ns" },
  ...{ "TNS Failing Endpoints": "setup_violations", "TNS Total Endpoints": "setup_endpoints" },
  ...{ "WHS(ns)": "hold_wns_ns", "THS(ns)": "hold_tns_ns" },
  ...{ "THS Failing Endpoints": "hold_violations", "THS Total Endpoints": "hold_endpoints" },
  ...{ "WPWS(ns)": "pulse_width_wns_ns", "TPWS(ns)": "pulse_width_tns_ns" },
  "TPWS Failing Endpoints": "pulse_width_violations",
  "TPWS Total Endpoints": "pulse_width_endpoints",
};
const TEXTS: Record<string, string[]> = {
  "Design Timing Summary": [],
  "Intra Clock Table": ["Clock"],
  "Inter Clock Table": ["From Clock", "To Clock"],
  "Other Path Groups Table": ["Path Group", "From Clock", "To Clock"],
};

/** Reads the tables of `report_timing_summary` above its paths. */
export function tableReader(write: WriteRow) {
  let title = "";
  let header = "";
  let columns: Column[] | null = null;
  let whole: string | null = null;
  let isRepeated = false;
  const seen = new Set<string>();
  const read = new Set<string>();
  const rowOf = (line: string, number: number): Row => {
    const { names: [first = "", second, third], numbers } = cellsOf(
      ...[line, columns!, TEXTS[title]!.length, number] as const,
    );
    const row: Row = title === "Design Timing Summary"
      ? { path_group: "Total" }
      : clocksOf(first, second, third);
    columns!.slice(TEXTS[title]!.length).forEach(({ name }, i) => {
      if (NAMES[name]) row[NAMES[name]] = numbers[i]!;
    });
    return row;
  };
  const designRow = (row: Row, number: number) => {
    const text = JSON.stringify(row);
    isRepeated = text === whole;
    if (whole && !isRepeated) {
      throw new ParseError("A second timing summary begins. Import each as its own file.", number);
    }
    whole = text;
    if (!isRepeated) write("timing", "summary", row);
  };
  return {
    seen: (name: string) => seen.has(name),
    /** A title between two lines: `| Intra Clock Table`. */
    title(text: string) {
      title = text;
      header = "";
      columns = null;
      seen.add(text);
    },
    blank() {
      if (columns) title = "";
    },
    line(line: string, number: number) {
      if (!TEXTS[title] || line.startsWith("|")) return;
      if (columns) {
        const row = rowOf(line, number);
        if (title === "Design Timing Summary") designRow(row, number);
        else if (!isRepeated) write("timing", "clocks", row);
      } else if (!isDashes(line)) header = line;
      else if (header) {
        columns = columnsOf(header, line);
        read.add(title);
      }
    },
    end(count: number, hasDetails: boolean) {
      const last = hasDetails ? seen.has("Timing Details") : read.has("Other Path Groups Table");
      if (whole && last) return;
      throw new ParseError(
        whole ? "The report ends before its last table. Is it cut?" : "There is no timing summary.",
        count,
      );
    },
  };
}

/** Vivado groups paths by the clock that captures. */
function clocksOf(first: string, second?: string, third?: string): Row {
  const [path_group, from_clock, to_clock] = third !== undefined
    ? [first, second!, third]
    : second !== undefined
    ? [second, first, second]
    : [first, first, first];
  return { path_group, from_clock: from_clock || null, to_clock: to_clock || null };
}
