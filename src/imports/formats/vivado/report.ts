import { ctime } from "../dates.ts";
import { type Output, ParseError, type Parser } from "../format.ts";
import { dedent, lines } from "../lines.ts";
import { rowWriter, tableOpener, type WriteRow } from "../rows.ts";
import { detailReader } from "./details.ts";
import { PathReader } from "./paths.ts";
import { TableReader } from "./tables.ts";
import { UtilizationReader } from "./utilization.ts";

const HEAD = /^\| (Tool Version|Date|Design|Command) +: +(\S.*)$/;
const TITLE = /^\| ([A-Z][A-Za-z ]+)$/;

/** Reads the timing summary and the utilization that a text holds; `main` is what it has to have. */
export function reportReader(out: Output, main: "timing" | "utilization"): Parser {
  const report = new Report(out, main);
  return lines(dedent((line, number) => report.line(line, number)), (count) => report.end(count));
}

class Report {
  readonly #write: WriteRow;
  readonly #paths: PathReader;
  readonly #tables: TableReader;
  readonly #details = detailReader();
  readonly #sites = new UtilizationReader();
  #hasDetails = true;

  constructor(readonly out: Output, readonly main: "timing" | "utilization") {
    const open = tableOpener(out);
    this.#write = rowWriter(open);
    this.#paths = new PathReader(open);
    this.#tables = new TableReader(this.#write);
  }

  line(line: string, number: number) {
    if (this.#paths.isInTable) {
      this.#paths.tableLine(line, number);
      if (this.#paths.isInTable) return;
    }
    const text = line.trim();
    if (text) return this.#textLine(line, text, number);
    this.#tables.blank();
    this.#sites.blank(number);
  }

  end(count: number) {
    this.#paths.endUnconstrained(count);
    this.#details.end(count);
    if (this.main === "timing" || this.#tables.seen("Design Timing Summary")) {
      this.#tables.end(count, this.#hasDetails);
    }
    const rows = this.#sites.end(count);
    for (const row of rows) this.#write("qor", "area", row);
    if (this.#sites.repeats > 0) this.out.warn("Of several utilization reports the last is read.");
    if (this.main === "utilization" && rows.length === 0) {
      throw new ParseError("The report has no table of sites. Is it cut?", count);
    }
  }

  #textLine(line: string, text: string, number: number) {
    if (this.#paths.begin(line, number)) return this.#details.line(text);
    this.#paths.line(line);
    const [, name, value] = HEAD.exec(text) ?? [];
    if (name === "Command") this.#hasDetails = !value!.includes("-no_detailed_paths");
    if (name) return sayHead(this.out, name, value!);
    const [, title] = TITLE.exec(text) ?? [];
    if (title) this.#tables.title(title);
    this.#sites.line(text, number);
    this.#tables.line(line, number);
    if (this.#tables.seen("Timing Details")) this.#details.line(text);
  }
}

function sayHead(out: Output, name: string, value: string) {
  const run_ts = name === "Date" ? ctime(value) : undefined;
  const [, tool_version] = name === "Tool Version" ? /^Vivado (\S+)/.exec(value) ?? [] : [];
  if (name === "Design") out.say({ design: value });
  if (run_ts) out.say({ run_ts });
  if (tool_version) out.say({ tool_version });
}
