import { type Append, type Format, type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";
import { Totals } from "./totals.ts";

const COLUMNS = ["rule", "layer", "cell", "description", "count"];
const DASHES = /^-{20,}$/;
const SHAPE = /^\s*(-?[\d.]+)(um)?\s+(-?[\d.]+)(?:um)?\s+(-?[\d.]+)(?:um)?\s+(-?[\d.]+)(?:um)?\s*$/;
const COUNT = /^\[INFO\]:? COUNT: (\d+)$/;
const ERRORS_FOR = /^DRC errors for cell (\S+)/;
/** The rule is in the last brackets: `… spacing < 0.28um (met1.2)`. */
const RULE = /\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*$/;
/** With the number of errors after the cell the report ends without a count of its own. */
const CELL = /^(\S+)(?:\s+(\d+))?$/;

/** magic's `drc listall why`, as OpenLane, LibreLane and the scripts of open_pdks print it. */
class Magic {
  readonly #totals = new Totals();
  #append: Append | undefined;
  #cell: string | undefined;
  #hasOwnCount = true;
  #rule: { rule: string; description: string } | undefined;
  #counted: number | undefined;
  #last = "";

  constructor(readonly out: Output) {}

  line(raw: string, number: number) {
    const line = raw.trim();
    if (line === "") return;
    this.#last = line;
    if (this.#cell === undefined) return this.#setCell(line, number);
    if (DASHES.test(line)) return;
    const count = COUNT.exec(line)?.[1];
    if (count !== undefined) this.#counted = Number(count);
    else if (!line.startsWith("[INFO]")) this.#addLine(line, number);
  }

  #setCell(line: string, number: number) {
    const named = ERRORS_FOR.exec(line)?.[1];
    const [, cell, count] = CELL.exec(line) ?? [];
    if (!named && !cell) throw new ParseError("The name of the cell is expected.", number);
    this.#hasOwnCount = !named && count === undefined;
    this.#cell = named ?? cell!;
    this.out.say({ design: this.#cell });
  }

  #addLine(line: string, number: number) {
    const [, x1, unit, y1, x2, y2] = SHAPE.exec(line) ?? [];
    if (x1 === undefined) {
      if (/^-?[\d.]+um(?:\s|$)/.test(line)) throw new ParseError("The shape is cut.", number);
      this.#rule = { rule: RULE.exec(line)?.[1]?.trim() || line, description: line };
      return;
    }
    if (!this.#rule) throw new ParseError("A shape comes before the first rule.", number);
    const { rule, description } = this.#rule;
    this.#totals.add(rule, null);
    const box = [x1, y1, x2, y2].map(Number);
    (this.#append ??= this.#opened(unit))([rule, null, this.#cell!, description, 1, ...box]);
  }

  #opened(unit: string | undefined): Append {
    const box = ["x1", "y1", "x2", "y2"].map((name) => unit ? `${name}_${unit}` : name);
    return this.out.table("violations", [...COLUMNS, ...box], "drc");
  }

  end(lines: number) {
    const { total } = this.#totals;
    if (this.#cell === undefined) throw new ParseError("The report is empty.", 1);
    if (this.#hasOwnCount && this.#counted === undefined || !this.#isWhole()) {
      throw new ParseError("The report ends before its count: is it cut?", lines);
    }
    if (this.#counted !== undefined && this.#counted !== total) {
      throw new ParseError(
        `${total} shapes are listed, the report counts ${this.#counted}.`,
        lines,
      );
    }
    if (total > 0) {
      this.out.warn("Magic counts shapes: three or four of them can be one error.");
    }
    this.#append ??= this.#opened(undefined);
    this.#totals.write(this.out);
  }

  /** A report without a count of its own ends with a shape or with dashes, not with a rule. */
  #isWhole(): boolean {
    return this.#counted !== undefined || DASHES.test(this.#last) || SHAPE.test(this.#last) ||
      this.#totals.total === 0;
  }
}

const TEXT = /^\ufeff?\s*(?:DRC errors for cell \S+|\S+(?: +\d+)?)\s*\n-{20,}\s*\n/;

function open(out: Output): Parser {
  const magic = new Magic(out);
  return lines((line, number) => magic.line(line, number), (count) => magic.end(count));
}

/** scripts/magic/drc.tcl of OpenLane and LibreLane; run_standard_drc.py of open_pdks. */
export const magicDrc: Format = {
  name: "magic-drc",
  tool: "Magic",
  kind: "drc",
  table: "violations",
  recognise: (start) => {
    const text = start.replaceAll("\r", "");
    if (!TEXT.test(text)) return 0;
    return /\[INFO\]:? COUNT: \d/.test(text) || /^[ \t]*(?:-?[\d.]+(?:um)?[ \t]+){3}/m.test(text)
      ? 0.9
      : 0.6;
  },
  open,
};
