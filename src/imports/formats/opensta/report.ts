import { type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";
import { rowWriter, tableOpener } from "../rows.ts";
import { areaReader } from "./area.ts";
import { listReader } from "./lists.ts";
import { COLUMNS, pathReader, pathWriter } from "./paths.ts";
import { placeReader } from "./place.ts";
import { powerReader } from "./power.ts";
import { skewReader } from "./skew.ts";
import { summaryReader } from "./summary.ts";

const VERSION = /^(?:OpenROAD|OpenSTA) (v?\d[\w.-]*|[0-9a-f]{40})\b/;

/** Reads all reports of OpenSTA that a text holds; `main` is the table that it has to fill. */
export function reportReader(out: Output, main: string): Parser {
  const { place, heading } = placeReader();
  const open = tableOpener(out);
  const write = rowWriter(open);
  const writer = pathWriter(write, place);
  const paths = pathReader(writer);
  const list = listReader(writer, () => writer.full() > 0);
  const area = areaReader(write, place);
  const summary = summaryReader(write, place);
  const skew = skewReader(write, place);
  const power = powerReader(open, place);
  let noPaths = 0;

  const textLine = (text: string, number: number) => {
    if (power.isOpen() && power.line(text, number)) return;
    if (paths.headLine(text, number)) return void (place.awaits = false);
    if (heading(text)) return;
    const [, corner] = /^Corner: (\S+)$/.exec(text) ?? [];
    if (corner) place.corner = corner;
    else if (text === "No paths found.") noPaths ||= number;
    else if (VERSION.test(text)) out.say({ tool_version: VERSION.exec(text)![1]! });
    else {
      power.line(text, number) || skew.line(text, number) || summary.line(text) ||
        area.line(text) || list.line(text, number);
    }
  };
  return lines((line, number) => {
    if (paths.isInTable()) return paths.tableLine(line, number);
    const text = line.trim();
    if (text) return textLine(text, number);
    paths.blank();
    list.blank();
    power.blank();
  }, (count, isEnded) => {
    paths.end(count);
    skew.end(count);
    power.end(count);
    const totals = summary.end();
    const rows: Record<string, number> = {
      ...{ paths: writer.rows() + noPaths, summary: totals + skew.rows() },
      ...{ power: power.rows(), runs: area.end() },
    };
    if (place.awaits) throw new ParseError(`Nothing follows "${place.title}". Is it cut?`, count);
    if (!rows[main]) throw new ParseError(`The file has no ${WANTED[main]}. Is it cut?`, count);
    if (!isEnded) out.warn("The last line has no line end. Is the file cut?", count);
    if (noPaths && writer.rows() === 0) out.warn("No paths found.", noPaths);
    if (main === "paths") out.table("paths", COLUMNS, "timing");
  });
}

const WANTED: Record<string, string> = {
  paths: "timing path",
  summary: "wns, tns, worst slack or clock skew",
  power: "power",
  runs: "design area",
};
