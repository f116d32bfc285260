import { type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";
import { numberOf } from "../numbers.ts";
import { rowWriter, tableOpener } from "../rows.ts";
import { legendReader } from "./legend.ts";
import { isUnnamed, type Part, plainName, typeCounter, writeParts } from "./types.ts";

const START = /^\d+(?:\.\d+)*\. Printing statistics\.$/;
const MODULE = /^=== (\S.*?)(?: \(partially selected\))? ===$/;
const CELLS = /^Number of cells: +(\d+)$/;
const TYPE = /^(\S+) +(\d+)$/;
const AREA = /^Chip area for (top )?module '(.*)': (\S+)$/;
const VERSION = /^Yosys (\d\S*) /;

/** Reads `stat` in its form of counts behind names and in the later one of columns in front. */
export function textReader(out: Output): Parser {
  const count = typeCounter();
  let modules: Part[] = [];
  let design: Part | null = null;
  let part: Part | null = null;
  let isInTypes = false;
  let reports = 0;
  const legend = legendReader();

  const begin = () => {
    if (modules.length > 0 || design) reports++;
    modules = [];
    design = part = null;
  };
  const open = (name: string) => {
    if (modules.some((one) => one.name === name) || name === "design hierarchy" && design) begin();
    part = { name, cells: null, area: null, types: [] };
    if (name === "design hierarchy") design = part;
    else modules.push(part);
    isInTypes = false;
    legend.begin();
  };
  const oldLine = (text: string, line: number): boolean => {
    const [, cells] = CELLS.exec(text) ?? [];
    if (cells) part!.cells = Number(cells);
    if (cells) return isInTypes = true;
    const [, cell, number] = isInTypes || isUnnamed(part!) ? TYPE.exec(text) ?? [] : [];
    if (cell && !isInTypes) part!.name = cell;
    if (cell && !isInTypes) return true;
    isInTypes = cell !== undefined;
    if (!cell) return false;
    count(line);
    part!.types.push({ cell: plainName(cell), cells: Number(number), area: null });
    return true;
  };
  const areaLine = (text: string) => {
    const [, top, name, area] = AREA.exec(text) ?? [];
    if (!area) return;
    part!.area = numberOf(area);
    if (top) part!.name = name!;
  };
  return lines((raw, line) => {
    const text = raw.trim();
    if (text === "") return;
    const [, name] = text.startsWith("=== ") ? MODULE.exec(text) ?? [] : [];
    if (name) return open(name);
    if (START.test(text)) return begin();
    if (!part) {
      const [, version] = text.startsWith("Yosys ") ? VERSION.exec(text) ?? [] : [];
      if (version) out.say({ tool_version: version });
      return;
    }
    if (oldLine(text, line)) return;
    if (legend.line(raw, part)) count(line);
    else areaLine(text);
  }, (all) => {
    if (!part || part.cells === null) {
      throw new ParseError("The report ends before the number of cells. Is it cut?", all);
    }
    checkSum(part, all);
    if (reports > 0) out.warn(`The file has ${reports + 1} reports; the last one is read.`);
    const top = design ? topOf(design) : modules.length === 1 ? modules[0]!.name : null;
    if (top) out.say({ design: plainName(top) });
    writeParts(rowWriter(tableOpener(out)), design, modules);
  });
}

const topOf = ({ name }: Part) => name === "design hierarchy" ? null : name;

/** The types add up to the number of cells, unless Yosys shortened a number. */
function checkSum({ cells, types }: Part, line: number) {
  const sum = types.reduce((all, type) => all + (type.cells ?? 0), 0);
  if (sum < cells! && cells! < 1e7) {
    throw new ParseError(`Of ${cells} cells the report lists ${sum}. Is it cut?`, line);
  }
}
