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
export class PathReader {
  #path: Path | null = null;
  #field = "";
  isInTable = false;

  constructor(readonly open: OpenTable) {}

  /** True: a path begins. */
  begin(line: string, number: number): boolean {
    const [, slack, unit = "ns"] = line.startsWith("Slack") ? SLACK.exec(line) ?? [] : [];
    if (slack === undefined) return false;
    this.endUnconstrained(number);
    this.#path = { at: number, unit, slack: numberOf(slack), fields: new Map() };
    return true;
  }

  /** A line of the points of a path: most lines of a report. */
  tableLine(line: string, number: number) {
    if (line.startsWith(" ")) {
      if (line.includes(" slack ") && /^ +slack +\S+ *$/.test(line)) this.#finish(this.#path!);
    } else if (line !== "" && !this.begin(line, number)) this.endUnconstrained(number);
  }

  line(line: string) {
    if (!this.#path) return;
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name) {
      this.#field = name;
      this.#path.fields.set(name, name === "Path Type" ? value! : /^\S+/.exec(value!)![0]);
    } else if (this.#field === "Source" || this.#field === "Destination") {
      const [, clock] = CLOCK.exec(line) ?? [];
      if (clock) this.#path.fields.set(`${this.#field} clock`, clock);
    }
    this.isInTable = line.startsWith("    Location ");
  }

  /** A path without a slack ends with its table. */
  endUnconstrained(number: number) {
    if (!this.#path) return;
    if (this.#path.slack !== null || !this.isInTable) {
      throw new ParseError(
        `The path that begins at line ${this.#path.at} has no end. Is the file cut?`,
        number,
      );
    }
    this.#finish(this.#path);
  }

  #finish({ unit, slack, fields }: Path) {
    const time = (name: string) => numberOf(fields.get(name) ?? "");
    const times = TIMES.map((name) => `${name}_${unit}`);
    this.open("timing", "paths", [...COLUMNS, ...times, "logic_levels"])([
      fields.get("Path Group") ?? null,
      /\bMin at\b|^Hold\b|^Removal\b/.test(fields.get("Path Type") ?? "") ? "min" : "max",
      ...[fields.get("Source") ?? null, fields.get("Destination") ?? null],
      ...[fields.get("Destination clock") ?? null, fields.get("Source clock") ?? null],
      ...[slack, time("Requirement"), time("Data Path Delay"), time("Clock Path Skew")],
      ...[time("Clock Uncertainty"), time("Logic Levels")],
    ]);
    this.#path = null;
    this.isInTable = false;
  }
}
