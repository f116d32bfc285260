import { z } from "zod";
import { type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";
import { numberOf } from "../numbers.ts";
import { rowWriter, tableOpener } from "../rows.ts";
import { type Part, plainName, typeCounter, writeParts } from "./parts.ts";

/** In UTF-16 units; a report of 10,000 modules has 15 million. */
const LONGEST = 32 << 20;

/** Yosys up to 0.2x prints lines of the hierarchy into the JSON. */
const STRAY = /^ +[^\s":]+ +\d+$/;

/** A count, or with -hierarchy what it is with and without submodules. */
const Figure = z.union([
  z.number(),
  z.object({ count: z.coerce.number(), area: z.coerce.number().optional() }),
]);
const Module = z.object({
  num_cells: Figure,
  area: z.number().optional(),
  num_cells_by_type: z.record(z.string(), Figure),
});
const Report = z.object({
  creator: z.string(),
  modules: z.record(z.string(), Module),
  design: Module.optional(),
});

/** Reads `stat -json`, also inside a log. */
export function jsonReader(out: Output): Parser {
  let text = "";
  let from = 0;
  let isWhole = false;
  return lines((line, number) => {
    if (isWhole || !text && !line.startsWith("{")) return;
    if (!text) from = number;
    text += STRAY.test(line) ? "\n" : `${line}\n`;
    if (text.length > LONGEST) throw new ParseError("The report is longer than 32 MiB.", number);
    isWhole = line.startsWith("}") || line.startsWith("{") && line.trimEnd().endsWith("}}");
  }, (count) => {
    if (!isWhole) throw new ParseError("The JSON report has no end. Is the file cut?", count);
    const { creator, modules, design } = parse(text, from);
    const [, version] = /^Yosys (\S+)/.exec(creator) ?? [];
    if (version) out.say({ tool_version: version });
    const names = Object.keys(modules);
    if (names.length === 1) out.say({ design: plainName(names[0]!) });
    const counter = typeCounter();
    const part = (name: string, module: z.infer<typeof Module>): Part => ({
      name: plainName(name),
      cells: countOf(module.num_cells),
      area: module.area ?? areaOf(module.num_cells),
      types: Object.entries(module.num_cells_by_type).flatMap(([cell, figure]) => {
        counter(count);
        // The design's own list counts what is in the submodules, and the submodules.
        if (module === design && Object.hasOwn(modules, `\\${cell}`)) return [];
        return { cell: plainName(cell), cells: countOf(figure), area: areaOf(figure) };
      }),
    });
    writeParts(
      rowWriter(tableOpener(out)),
      design ? part("design", design) : null,
      names.map((name) => part(name, modules[name]!)),
    );
  });
}

const countOf = (figure: z.infer<typeof Figure>) =>
  typeof figure === "number" ? figure : figure.count;
const areaOf = (figure: z.infer<typeof Figure>) =>
  typeof figure === "number" || !figure.area ? null : numberOf(String(figure.area));

function parse(text: string, from: number): z.infer<typeof Report> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const [, at] = /position (\d+)/.exec(String(error)) ?? [];
    const line = text.slice(0, Number(at ?? 0)).split("\n").length - 1;
    throw new ParseError("The report is not valid JSON.", from + line);
  }
  const { success, data } = Report.safeParse(value);
  if (!success) throw new ParseError("The JSON is no report of Yosys' stat.", from);
  return data;
}
