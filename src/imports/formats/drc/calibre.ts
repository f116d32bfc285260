import { ctime } from "../dates.ts";
import { type Append, type Format, type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";
import { Totals } from "./totals.ts";

const COLUMNS = [
  ...["rule", "layer", "cell", "description", "count", "x1_um", "y1_um", "x2_um", "y2_um"],
  ...["waived", "shape", "comment"],
];
const HEAD = /^(\S+)\s+(\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*$/i;
const COUNTS = /^\s*(\d+)\s+(\d+)\s+(\d+)(?:\s+(.*))?$/;
const SHAPE = /^\s*([pe])\s+(\d+)\s+(\d+)\s*$/i;
const CELL = /^CN\s+(\S+)/;
const WAIVED = /^WE(\d+)/;
const PATHNAME = /^Rule File (?:Pathname|Title):/;
const LONGEST_DESCRIPTION = 2_000;
/** Written by OpenLane (scripts/drc_rosetta.py) into every file. */
const CONSTANT = "2020-11-29T03:26:39";

const POINTS = /^\s*(-?\d+)\s+(-?\d+)(?:\s+(-?\d+)\s+(-?\d+))?\s*$/;

function widen(box: number[], x: number, y: number) {
  if (x < box[0]!) box[0] = x;
  if (y < box[1]!) box[1] = y;
  if (x > box[2]!) box[2] = x;
  if (y > box[3]!) box[3] = y;
}

type Rule = {
  rule: string;
  /** Lines of text, and results, that follow as the header says. */
  left: number;
  stated: number;
  listed: number;
  lines: string[];
  waived: Set<number>;
  cell: string | null;
};
type Shape = {
  type: string;
  line: number;
  index: number;
  left: number;
  box: number[];
  notes: string[];
};

/** A check's header counts results too, but converted files lie there: the shapes are counted. */
class CalibreAscii {
  readonly #totals = new Totals();
  readonly #append: Append;
  #precision: number | undefined;
  #name: string | undefined;
  #rule: Rule | undefined;
  #shape: Shape | undefined;
  #top: string | null = null;
  #when = "";
  #isConverted = false;

  constructor(readonly out: Output) {
    this.#append = out.table("violations", COLUMNS, "drc");
  }

  line(text: string, number: number) {
    if (text.startsWith("//")) return;
    if (this.#precision === undefined) return this.#setHead(text, number);
    if (this.#rule && this.#rule.left > 0) return this.#describe(this.#rule, text);
    if (this.#shape) return this.#addVertex(this.#shape, text, number);
    if (text.trim() === "") return;
    const [, type, index, vertices] = SHAPE.exec(text) ?? [];
    if (type !== undefined && this.#rule && this.#name === undefined) {
      return this.#startShape(type, Number(index), Number(vertices), number);
    }
    if (this.#name === undefined) this.#name = text.trim();
    else this.#startRule(this.#name, text, number);
  }

  #setHead(text: string, number: number) {
    const [, cell, precision] = HEAD.exec(text) ?? [];
    if (cell === undefined || !(Number(precision) > 0)) {
      throw new ParseError("The first line names the cell and the precision.", number);
    }
    this.#precision = Number(precision);
    this.#isConverted = cell.startsWith("$");
    this.#top = cell.replace(/^\$/, "");
    this.out.say({ design: this.#top });
  }

  #startRule(rule: string, text: string, number: number) {
    const [, stated, , count, date = ""] = COUNTS.exec(text) ?? [];
    if (count === undefined) {
      throw new ParseError(`Counts and a date are expected after the check "${rule}".`, number);
    }
    const when = ctime(date) ?? "";
    if (when !== CONSTANT && when > this.#when) this.#when = when;
    this.#isConverted &&= when === CONSTANT;
    this.#endRule();
    this.#rule = {
      ...{ rule, left: Number(count), stated: Number(stated), listed: 0 },
      ...{ lines: [], waived: new Set(), cell: null },
    };
    this.#name = undefined;
  }

  #endRule() {
    const { rule, stated, listed } = this.#rule ?? {};
    if (stated === listed || this.#isConverted) return;
    this.out.warn(`The check "${rule}" lists ${listed} results, its header says ${stated}.`);
  }

  #describe(rule: Rule, text: string) {
    rule.left--;
    const waived = WAIVED.exec(text)?.[1];
    if (waived !== undefined) rule.waived.add(Number(waived));
    else if (!PATHNAME.test(text) && rule.lines.join("").length < LONGEST_DESCRIPTION) {
      rule.lines.push(text.trim());
    }
  }

  #startShape(type: string, index: number, vertices: number, line: number) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    this.#shape = { type: type.toLowerCase(), line, index, left: vertices, box, notes: [] };
    if (vertices === 0) this.#endShape(this.#shape);
  }

  #addVertex(shape: Shape, text: string, number: number) {
    const [, x1, y1, x2, y2] = POINTS.exec(text) ?? [];
    if (x1 === undefined && /^\s*[A-Za-z]/.test(text)) {
      const cell = CELL.exec(text)?.[1];
      if (cell !== undefined) this.#rule!.cell = cell;
      else if (shape.notes.length < 100) shape.notes.push(text.trim());
      return;
    }
    if (x1 === undefined || (shape.type === "e") !== (x2 !== undefined)) {
      throw new ParseError("The coordinates of a shape are expected.", number);
    }
    widen(shape.box, Number(x1), Number(y1));
    if (x2 !== undefined) widen(shape.box, Number(x2), Number(y2));
    if (--shape.left === 0) this.#endShape(shape);
  }

  #endShape({ type, index, box, notes }: Shape) {
    const { rule, lines, waived, cell } = this.#rule!;
    this.#rule!.listed++;
    const isWaived = waived.has(index - 1);
    if (!isWaived) this.#totals.add(rule, null);
    const um = box.map((value) => Number.isFinite(value) ? value / this.#precision! : null);
    this.#append([
      ...[rule, null, cell ?? this.#top, lines.join(" ").trim() || null, 1, ...um],
      ...[isWaived, type === "e" ? "edge" : "polygon", notes.join("; ") || null],
    ]);
    this.#shape = undefined;
  }

  end(lines: number) {
    if (this.#precision === undefined) throw new ParseError("The file is empty.", 1);
    if (this.#shape || this.#name !== undefined || (this.#rule?.left ?? 0) > 0) {
      throw new ParseError(
        "The file ends inside of a check: is it cut?",
        this.#shape?.line ?? lines,
      );
    }
    this.#endRule();
    this.out.say({
      tool: this.#isConverted ? "Magic (converted by OpenLane)" : "Calibre",
      ...(this.#when && { run_ts: this.#when }),
    });
    this.#totals.write(this.out);
  }
}

function open(out: Output): Parser {
  const file = new CalibreAscii(out);
  return lines((line, number) => file.line(line, number), (count) => file.end(count));
}

/** Calibre Verification User's Manual, ASCII DRC results database; read as rdbRVEReader.cc of KLayout. */
export const calibreAscii: Format = {
  name: "calibre-ascii",
  tool: "Calibre",
  kind: "drc",
  table: "violations",
  recognise(start, file) {
    const [first = "", name = "", counts = ""] = start.replace(/^\ufeff/, "").split(/\r?\n/)
      .filter((line) => !line.startsWith("//"));
    if (!HEAD.test(first)) return 0;
    if (name.trim() === "") return /\.(?:rdb|rve|db|results)(?:\.gz)?$/i.test(file) ? 0.6 : 0;
    return COUNTS.test(counts) ? 0.95 : 0;
  },
  open,
};
