import { type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";
import { numberOf } from "../numbers.ts";
import { rowWriter, tableOpener } from "../rows.ts";
import { legendReader } from "./legend.ts";
import { isUnnamed, type Part, plainName, typeCounter, writeParts } from "./parts.ts";

const START = /^\d+(?:\.\d+)*\. Printing statistics\.$/;
const MODULE = /^=== (\S.*?)(?: \(partially selected\))? ===$/;
const CELLS = /^Number of cells: +(\d+)$/;
const TYPE = /^(\S+) +(\d+)$/;
const AREA = /^Chip area for (top )?module '(.*)': (\S+)$/;
const VERSION = /^Yosys (\d\S*) /;

/** Reads `stat` in its form of counts behind names and in the later one of columns in front. */
export function textReader(out: Output): Parser {
  const report = new Report(out);
  return lines((line, number) => report.line(line, number), (count) => report.end(count));
}

class Report {
  readonly #count = typeCounter();
  readonly #legend = legendReader();
  #modules: Part[] = [];
  #design: Part | null = null;
  #part: Part | null = null;
  #isInTypes = false;
  #repeats = 0;

  constructor(readonly out: Output) {}

  line(raw: string, line: number) {
    const text = raw.trim();
    if (text === "") return;
    const [, name] = text.startsWith("=== ") ? MODULE.exec(text) ?? [] : [];
    if (name) return this.#open(name);
    if (START.test(text)) return this.#begin();
    if (!this.#part) return this.#version(text);
    if (this.#oldLine(this.#part, text, line)) return;
    if (this.#legend.line(raw, this.#part)) this.#count(line);
    else setArea(this.#part, text);
  }

  end(count: number) {
    if (!this.#part || this.#part.cells === null) {
      throw new ParseError("The report ends before the number of cells. Is it cut?", count);
    }
    checkSum(this.#part, count);
    if (this.#repeats > 0) this.out.warn("Of several reports in the file the last is read.");
    const [first, second] = this.#modules;
    const top = this.#design ? topOf(this.#design) : second ? null : first!.name;
    if (top) this.out.say({ design: plainName(top) });
    writeParts(rowWriter(tableOpener(this.out)), this.#design, this.#modules);
  }

  #begin() {
    if (this.#modules.length > 0 || this.#design) this.#repeats++;
    this.#modules = [];
    this.#design = this.#part = null;
  }

  #open(name: string) {
    const isDesign = name === "design hierarchy";
    if (isDesign ? this.#design : this.#modules.some((one) => one.name === name)) this.#begin();
    this.#part = { name, cells: null, area: null, types: [] };
    if (isDesign) this.#design = this.#part;
    else this.#modules.push(this.#part);
    this.#isInTypes = false;
    this.#legend.begin();
  }

  #version(text: string) {
    const [, tool_version] = text.startsWith("Yosys ") ? VERSION.exec(text) ?? [] : [];
    if (tool_version) this.out.say({ tool_version });
  }

  /** True: a line of the form of counts behind names. */
  #oldLine(part: Part, text: string, line: number): boolean {
    const [, cells] = CELLS.exec(text) ?? [];
    if (cells) part.cells = Number(cells);
    if (cells) return this.#isInTypes = true;
    const [, cell, number] = this.#isInTypes || isUnnamed(part) ? TYPE.exec(text) ?? [] : [];
    if (cell && !this.#isInTypes) part.name = cell;
    if (cell && this.#isInTypes) {
      this.#count(line);
      part.types.push({ cell: plainName(cell), cells: Number(number), area: null });
    }
    this.#isInTypes &&= cell !== undefined;
    return cell !== undefined;
  }
}

function setArea(part: Part, text: string) {
  const [, top, name, area] = AREA.exec(text) ?? [];
  if (!area) return;
  part.area = numberOf(area);
  if (top) part.name = name!;
}

const topOf = ({ name }: Part) => name === "design hierarchy" ? null : name;

/** The types add up to the number of cells, unless Yosys shortened a number. */
function checkSum({ cells, types }: Part, line: number) {
  const sum = types.reduce((all, type) => all + (type.cells ?? 0), 0);
  if (sum < cells! && cells! < 1e7) {
    throw new ParseError(`Of ${cells} cells the report lists ${sum}. Is it cut?`, line);
  }
}
