import { ParseError } from "../format.ts";
import { numberOf } from "../numbers.ts";
import type { OpenTable } from "../rows.ts";

const SLACK = /^Slack(?: \((?:MET|VIOLATED)\))? ?: +(\S+?)(ns|ps)?(?: |$)/;
const FIELD = /^ {2}([A-Z][A-Za-z ]+): +(\S.*)$/;
const CLOCK = /clocked by (\S+)/;
const COLUMNS = ["path_group", "path_type", "startpoint", "endpoint", "clock", "launch_clock"];
const TIMES = ["slack", "requirement", "delay", "clock_skew", "uncertainty"];

type Path = { at: number; unit: string; slack: number | null; fields: Map<string, string> };

/** Reads the paths under `Timing Details`. */
export function pathReader(open: OpenTable) {
  let path: Path | null = null;
  let field = "";
  let isInTable = false;
  let rows = 0;
  const finish = () => {
    const { unit, slack, fields } = path!;
    const time = (name: string) => numberOf(fields.get(name) ?? "");
    rows++;
    open("timing", "paths", [
      ...COLUMNS,
      ...TIMES.map((name) => `${name}_${unit}`),
      "logic_levels",
    ])([
      fields.get("Path Group") ?? null,
      /\bMin at\b|^Hold\b|^Removal\b/.test(fields.get("Path Type") ?? "") ? "min" : "max",
      ...[fields.get("Source") ?? null, fields.get("Destination") ?? null],
      ...[fields.get("Destination clock") ?? null, fields.get("Source clock") ?? null],
      ...[slack, time("Requirement"), time("Data Path Delay"), time("Clock Path Skew")],
      ...[time("Clock Uncertainty"), time("Logic Levels")],
    ]);
    path = null;
    isInTable = false;
  };
  const cut = (number: number) =>
    new ParseError(`The path that begins at line ${path!.at} has no end. Is the file cut?`, number);
  const begin = (line: string, number: number): boolean => {
    const [, slack, unit = "ns"] = SLACK.exec(line) ?? [];
    if (slack === undefined) return false;
    endUnconstrained(number);
    path = { at: number, unit, slack: numberOf(slack), fields: new Map() };
    return true;
  };
  /** A path without a slack ends with its table. */
  const endUnconstrained = (number: number) => {
    if (path && (path.slack !== null || !isInTable)) throw cut(number);
    if (path) finish();
  };
  return {
    rows: () => rows,
    isInTable: () => isInTable,
    begin,
    endUnconstrained,
    /** A line of the points of a path: most lines of a report. */
    tableLine(line: string, number: number) {
      if (line.startsWith(" ")) {
        if (line.includes(" slack ") && /^ +slack +\S+ *$/.test(line)) finish();
      } else if (line !== "" && !begin(line, number)) endUnconstrained(number);
    },
    line(line: string) {
      if (!path) return;
      const [, name, value] = FIELD.exec(line) ?? [];
      if (name) {
        field = name;
        path.fields.set(name, /^\S+/.exec(value!)![0]);
        if (name === "Path Type") path.fields.set(name, value!);
      } else if (field === "Source" || field === "Destination") {
        const [, clock] = CLOCK.exec(line) ?? [];
        if (clock) path.fields.set(`${field} clock`, clock);
      }
      isInTable = line.startsWith("    Location ");
    },
    end(count: number) {
      endUnconstrained(count);
    },
  };
}
