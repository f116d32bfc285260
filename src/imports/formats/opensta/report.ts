import { type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";
import { type OpenTable, rowWriter, tableOpener } from "../rows.ts";
import { areaReader } from "./area.ts";
import { listReader } from "./lists.ts";
import { COLUMNS, PathReader, pathWriter } from "./paths.ts";
import { placeReader } from "./place.ts";
import { PowerReader } from "./power.ts";
import { SkewReader } from "./skew.ts";
import { SummaryReader } from "./summary.ts";

const VERSION = /^(?:OpenROAD|OpenSTA) (v?\d[\w.-]*|[0-9a-f]{40})\b/;

/** Reads all reports of OpenSTA that a text holds; `main` is the table that it has to fill. */
export function reportReader(out: Output, main: string): Parser {
  const report = new Report(out, main);
  return lines(
    (line, number) => report.line(line, number),
    (count, isEnded) => report.end(count, isEnded),
  );
}

class Report {
  readonly #open: OpenTable;
  readonly #places = placeReader();
  readonly #writer;
  readonly #paths: PathReader;
  readonly #list;
  readonly #summary: SummaryReader;
  readonly #skew: SkewReader;
  readonly #power: PowerReader;
  readonly #area;
  #noPaths = 0;

  constructor(readonly out: Output, readonly main: string) {
    const { place } = this.#places;
    this.#open = tableOpener(out);
    const write = rowWriter(this.#open);
    this.#writer = pathWriter(write, place);
    this.#paths = new PathReader(this.#writer);
    this.#list = listReader(this.#writer, () => this.#writer.full() > 0);
    this.#summary = new SummaryReader(write, place);
    this.#skew = new SkewReader(write, place);
    this.#power = new PowerReader(this.#open, place);
    this.#area = areaReader(write, place);
  }

  line(line: string, number: number) {
    if (this.#paths.isInTable) return this.#paths.tableLine(line, number);
    const text = line.trim();
    if (text) return this.#textLine(text, number);
    this.#paths.blank(number);
    this.#list.blank();
    this.#power.blank();
  }

  end(count: number, isEnded: boolean) {
    const { place } = this.#places;
    this.#paths.end(count);
    this.#skew.end(count);
    this.#power.end(count);
    const rows: Record<string, number> = {
      paths: this.#writer.rows() + this.#noPaths,
      summary: this.#summary.end() + this.#skew.rows,
      ...{ power: this.#power.rows, runs: this.#area.end() },
    };
    if (place.awaits) throw new ParseError(`Nothing follows "${place.title}". Is it cut?`, count);
    const { main } = this;
    if (!rows[main]) throw new ParseError(`The file has no ${WANTED[main]}. Is it cut?`, count);
    if (!isEnded) this.out.warn("The last line has no line end. Is the file cut?", count);
    if (this.#noPaths && this.#writer.rows() === 0) this.out.warn("No paths found.", this.#noPaths);
    if (main === "paths") this.#open("timing", "paths", COLUMNS);
  }

  #textLine(text: string, number: number) {
    const { place, heading } = this.#places;
    if (this.#power.isOpen() && this.#power.line(text, number)) return;
    if (this.#paths.headLine(text, number)) return void (place.awaits = false);
    if (heading(text)) return;
    const [, corner] = /^Corner: (\S+)$/.exec(text) ?? [];
    const [, tool_version] = VERSION.exec(text) ?? [];
    if (corner) place.corner = corner;
    else if (text === "No paths found.") this.#noPaths ||= number;
    else if (tool_version) this.out.say({ tool_version });
    else {
      this.#power.line(text, number) || this.#skew.line(text, number) ||
        this.#summary.line(text) || this.#area.line(text) || this.#list.line(text, number);
    }
  }
}

const WANTED: Record<string, string> = {
  paths: "timing path",
  summary: "wns, tns, worst slack or clock skew",
  power: "power",
  runs: "design area",
};
