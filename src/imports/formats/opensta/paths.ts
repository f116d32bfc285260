import { ParseError } from "../format.ts";
import { numberOf } from "../numbers.ts";
import type { Row, WriteRow } from "../rows.ts";
import { type Place, placed } from "./place.ts";
import { Repeats } from "./repeats.ts";

export const COLUMNS = [
  ...["path_group", "path_type", "startpoint", "endpoint", "clock", "launch_clock"] as const,
  ...["slack", "arrival", "required"] as const,
];
const CLOCK = /(?:clocked by|edge clock|clock source) '?(.+?)'?$/;
const E = 101, CLOSE = 41, SPACE = 32;

type Path = {
  at: number;
  startpoint: string;
  endpoint: string | null;
  launch_clock: string | null;
  clock: string | null;
  path_group: string | null;
  path_type: string | null;
  corner: string | null;
  arrival: number | null;
  required: number | null;
};
export type NewPath = Pick<Path, "startpoint" | "endpoint" | "path_group" | "path_type"> & {
  slack: number | null;
  arrival?: number | null;
  required?: number | null;
};

/** Writes rows of paths; one that an earlier section of the file has as well is left out. */
export function pathWriter(write: WriteRow, place: Place) {
  const repeats = new Repeats();
  let rows = 0;
  let full = 0;
  return {
    rows: () => rows,
    /** Rows of paths with their points. */
    full: () => full,
    write(
      path: NewPath & Partial<Pick<Path, "corner" | "clock" | "launch_clock">>,
      isWhole: boolean,
    ) {
      const row: Row = {};
      for (const column of COLUMNS) row[column] = path[column] ?? null;
      Object.assign(row, placed({ corner: path.corner ?? place.corner, stage: place.stage }));
      if (isWhole && repeats.has(Object.values(row).join("\n"), place.section)) return;
      rows++;
      if (isWhole) full++;
      write("timing", "paths", row);
    },
  };
}

/** Reads `report_checks` of -format full, full_clock, full_clock_expanded and short. */
export class PathReader {
  #path: Path | null = null;
  #blanks = 0;
  /** Within the points of a path. */
  isInTable = false;

  constructor(readonly writer: ReturnType<typeof pathWriter>) {}

  /** A line of the table of a path. The hot path: most lines of a report. */
  tableLine(line: string, number: number) {
    let end = line.length - 1;
    if (line.charCodeAt(end) === SPACE) end = (line = line.trimEnd()).length - 1;
    const last = line.charCodeAt(end);
    if (last === CLOSE) {
      if (isSlack(line, "slack (MET)") || isSlack(line, "slack (VIOLATED)")) {
        this.#finish(numberOf(line));
      } else if (line.endsWith("(Path is unconstrained)")) this.#finish(null);
      else if (line.trimStart().startsWith("Startpoint:")) throw this.#cut(number);
    } else if (last === E) {
      if (line.endsWith("data arrival time")) this.#path!.arrival ??= numberOf(line);
      else if (line.endsWith("data required time")) this.#path!.required = numberOf(line);
    } else if (line.startsWith("===")) throw this.#cut(number);
  }

  /** True: the line belongs to the head of a path. */
  headLine(text: string, number: number): boolean {
    this.#blanks = 0;
    const start = text.startsWith("Startpoint: ") ? /^Startpoint: (\S+)/.exec(text) : null;
    if (start) {
      if (this.#path) this.#finishShort(number);
      this.#path = newPath(number, start[1]!, clockOf(text));
      return true;
    }
    if (!this.#path) return false;
    this.isInTable = /\bDescription\b/.test(text);
    if (!this.isInTable) readHead(this.#path, text);
    return true;
  }

  /** -format short leaves two lines blank behind a path, and has no table. */
  blank(number: number) {
    if (this.#path?.path_type && ++this.#blanks === 2) this.#finishShort(number);
  }

  end(count: number) {
    if (this.#path) throw this.#cut(count);
  }

  #finishShort(number: number) {
    if (!this.#path!.path_type) throw this.#cut(number);
    this.#finish(null);
  }

  #finish(slack: number | null) {
    this.writer.write({ ...this.#path!, slack }, true);
    this.#path = null;
    this.isInTable = false;
  }

  #cut(line: number) {
    return new ParseError(
      `The timing path that begins at line ${this.#path!.at} has no slack. Is the file cut?`,
      line,
    );
  }
}

const isSlack = (line: string, words: string) =>
  line.endsWith(words) && /^\s?$/.test(line.charAt(line.length - words.length - 1));
const clockOf = (text: string) => CLOCK.exec(text.replace(/\)$/, ""))?.[1] ?? null;

const newPath = (at: number, startpoint: string, launch_clock: string | null): Path => ({
  ...{ at, startpoint, launch_clock, endpoint: null, clock: null },
  ...{ path_group: null, path_type: null, corner: null, arrival: null, required: null },
});

function readHead(path: Path, text: string) {
  const [, key, value] = /^(Endpoint|Path Group|Path Type|Corner|Scene|Mode): (.*)$/.exec(text) ??
    [];
  if (key === "Endpoint") {
    path.endpoint = /^\S*/.exec(value!)![0];
    path.clock = clockOf(value!);
  } else if (key === "Path Group") path.path_group = value!;
  else if (key === "Path Type") path.path_type = value!;
  else if (key === "Corner" || key === "Scene") path.corner = value!;
  else if (!key && text.startsWith("(")) {
    if (path.endpoint === null) path.launch_clock = clockOf(text);
    else path.clock = clockOf(text);
  }
}
