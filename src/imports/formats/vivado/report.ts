import { ctime } from "../dates.ts";
import { type Output, ParseError, type Parser } from "../format.ts";
import { dedent, lines } from "../lines.ts";
import { rowWriter, tableOpener } from "../rows.ts";
import { detailReader } from "./details.ts";
import { pathReader } from "./paths.ts";
import { tableReader } from "./tables.ts";
import { utilizationReader } from "./utilization.ts";

const HEAD = /^\| (Tool Version|Date|Design|Command) +: +(\S.*)$/;
const TITLE = /^\| ([A-Z][A-Za-z ]+)$/;

/** Reads the timing summary and the utilization that a text holds; `main` is what it has to have. */
export function reportReader(out: Output, main: "timing" | "utilization"): Parser {
  const open = tableOpener(out);
  const write = rowWriter(open);
  const tables = tableReader(write);
  const details = detailReader();
  const paths = pathReader(open);
  const sites = utilizationReader(write);

  let hasDetails = true;

  const textLine = (line: string, number: number) => {
    const text = line.trim();
    if (paths.begin(line, number)) return details.line(text);
    paths.line(line);
    const [, name, value] = HEAD.exec(text) ?? [];
    if (name === "Command") hasDetails = !value!.includes("-no_detailed_paths");
    if (name) return sayHead(out, name, value!);
    const [, title] = TITLE.exec(text) ?? [];
    if (title) tables.title(title);
    sites.line(text, number);
    tables.line(line, number);
    if (tables.seen("Timing Details")) details.line(text);
  };
  return lines(
    dedent((line, number) => {
      if (paths.isInTable()) {
        paths.tableLine(line, number);
        if (paths.isInTable()) return;
      }
      if (line.trim() !== "") return textLine(line, number);
      tables.blank();
      sites.blank(number);
    }),
    (count) => {
      paths.end(count);
      details.end(count);
      if (main === "timing" || tables.seen("Design Timing Summary")) tables.end(count, hasDetails);
      const found = sites.rows();
      const repeats = sites.end(count);
      if (repeats > 0) {
        out.warn(`The file has ${repeats + 1} utilization reports; the last is read.`);
      }
      if (main === "utilization" && found === 0) {
        throw new ParseError("The report has no table of sites. Is it cut?", count);
      }
    },
  );
}

function sayHead(out: Output, name: string, value: string) {
  const run_ts = name === "Date" ? ctime(value) : undefined;
  const [, tool_version] = name === "Tool Version" ? /^Vivado (\S+)/.exec(value) ?? [] : [];
  if (name === "Design") out.say({ design: value });
  if (run_ts) out.say({ run_ts });
  if (tool_version) out.say({ tool_version });
}
