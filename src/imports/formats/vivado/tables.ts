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
const DESIGN = "Design Timing Summary";
/** Columns of names: a clock, from and to, group and from and to. */
const TEXTS: Record<string, number> = {
  ...{ [DESIGN]: 0, "Intra Clock Table": 1 },
  ...{ "Inter Clock Table": 2, "Other Path Groups Table": 3 },
};

/** Reads the tables of `report_timing_summary` above its paths. */
export class TableReader {
  #title = "";
  #header = "";
  #columns: Column[] | null = null;
  #whole: string | null = null;
  #isRepeated = false;
  readonly #seen = new Set<string>();
  readonly #read = new Set<string>();

  constructor(readonly write: WriteRow) {}

  seen(title: string) {
    return this.#seen.has(title);
  }

  /** A title between two lines: `| Intra Clock Table`. */
  title(text: string) {
    this.#title = text;
    this.#header = "";
    this.#columns = null;
    this.#seen.add(text);
  }

  blank() {
    if (this.#columns) this.#title = "";
  }

  line(line: string, number: number) {
    const texts = TEXTS[this.#title];
    if (texts === undefined || line.startsWith("|")) return;
    if (this.#columns) this.#row(rowOf(line, this.#columns, texts, number), number);
    else if (!isDashes(line)) this.#header = line;
    else if (this.#header) {
      this.#columns = columnsOf(this.#header, line);
      if (this.#columns.length <= texts) {
        throw new ParseError(`The ${this.#title} has no columns.`, number);
      }
      this.#read.add(this.#title);
    }
  }

  end(count: number, hasDetails: boolean) {
    const isWhole = hasDetails
      ? this.seen("Timing Details")
      : this.#read.has("Other Path Groups Table");
    if (this.#whole && isWhole) return;
    throw new ParseError(
      this.#whole ? "The report ends before its last part. Is it cut?" : "No timing summary.",
      count,
    );
  }

  #row(row: Row, number: number) {
    if (this.#title !== DESIGN) {
      if (!this.#isRepeated) this.write("timing", "clocks", row);
      return;
    }
    const text = JSON.stringify(row);
    this.#isRepeated = text === this.#whole;
    if (this.#whole && !this.#isRepeated) {
      throw new ParseError("A second timing summary begins. Import each as its own file.", number);
    }
    this.#whole = text;
    if (!this.#isRepeated) this.write("timing", "summary", row);
  }
}

function rowOf(line: string, columns: Column[], texts: number, number: number): Row {
  const { names: [first = "", second, third], numbers } = cellsOf(line, columns, texts, number);
  const row: Row = texts === 0 ? { path_group: "Total" } : clocksOf(first, second, third);
  if (texts === 0 && numbers.length > 0 && line.length < columns.at(-1)!.end) {
    throw new ParseError("The row of the design is cut.", number);
  }
  columns.slice(texts).forEach(({ name }, i) => {
    if (NAMES[name]) row[NAMES[name]] = numbers[i]!;
  });
  return row;
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
