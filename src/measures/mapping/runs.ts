import { type Column, wordsOf } from "../columns.ts";
import { type Content, distinct, type Found, keysOf } from "./content.ts";

export type RunColumns = { names: Column[]; time?: Column };

/** Words of times that are not the run's: of a plan, a library, a tool. */
export const NOT_OF_RUN = new Set(
  ("tapeout tape due deadline release library lib tool version expiry expires birth until target plan planned " +
    "milestone valid pdk modified").split(" "),
);
/** Ordered by how clearly a word names a run. */
const NAMING = ["run", "tag", "build", "pipeline", "regression", "session", "job", "uuid"];
const TIMING = ["run", "timestamp", "ts", "started", "start", "date", "time", "finished", "ended"];

const firstOf = (words: string[], order: string[]) => {
  const at = order.findIndex((word) => words.includes(word));
  return at < 0 ? order.length : at;
};

function timeColumns(columns: Column[]): Column[] {
  const rank = ({ name, meaning }: Column) => {
    const words = wordsOf(name);
    if (words.some((word) => NOT_OF_RUN.has(word))) return 100;
    return (meaning === "time" ? 0 : 50) + firstOf(words, TIMING);
  };
  return columns.filter((column) => column.shape === "time" && rank(column) < 100)
    .toSorted((a, b) => rank(a) - rank(b));
}

/** True unless the column names each row, or all rows alike. */
function isName(
  found: Found,
  content: Content,
  objects: Found[],
  time: Found | undefined,
): boolean {
  const names = distinct(found);
  if (names === 0) return false;
  const rows = content.sampled;
  const times = time ? distinct(time) : 0;
  if (names === rows && rows > 2 && times > 0 && times <= rows / 2) return false;
  // One name at several times with repeated objects is a kind of run, not a run.
  const again = keysOf([found, ...objects], rows);
  return !(names === 1 && times > 1 && new Set(again).size < rows);
}

/** Imports name each run, whatever its files' times. */
const isGiven = ({ name, known }: Column, found: Found) =>
  known === true && name === "run_id" && distinct(found) > 0;

/** Of several name columns the coarsest wins: a pipeline has many jobs. `objects` identify a row within a run. */
export function runColumns(content: Content, columns: Column[], objects: Column[]): RunColumns {
  const foundOf = ({ name }: Column) => content.columns.find((found) => found.name === name)!;
  const [time] = timeColumns(columns).filter((column) => distinct(foundOf(column)) > 0);
  const names = columns.filter(({ meaning }) => meaning === "run").filter((column) =>
    isGiven(column, foundOf(column)) ||
    isName(foundOf(column), content, objects.map(foundOf), time && foundOf(time))
  ).toSorted((a, b) =>
    firstOf(wordsOf(a.name), NAMING) - firstOf(wordsOf(b.name), NAMING) ||
    distinct(foundOf(a)) - distinct(foundOf(b))
  );
  return { names: names.slice(0, 1), ...(time && { time }) };
}

export type Moment = { at: number; group: string; object: string };

const MOST_STARTS = 400;
/** A gap of NIGHT always ends a run; a gap of PAUSE does when rows usually come much closer. */
const NIGHT = 12 * 3600;
const PAUSE = 600;

/** Splits rows with individual times into runs, at a gap or a repeated object. Undefined: each time is a run. */
export function startsOf(moments: Moment[]): Record<string, number[]> | undefined {
  const times = new Set(moments.map(({ at }) => at));
  if (times.size < 2 || times.size <= moments.length / 2) return undefined;
  const groups = Map.groupBy(moments, ({ group }) => group);
  const starts = groups.entries().map(([group, own]) =>
    [group, startsIn(own.toSorted((a, b) => a.at - b.at)).slice(-MOST_STARTS)] as const
  );
  return Object.fromEntries(starts);
}

function startsIn(own: Moment[]): number[] {
  const gaps = own.slice(1).map(({ at }, i) => at - own[i]!.at);
  const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0;
  const starts = [0];
  let seen = new Map<string, number>();
  for (let i = 0; i < own.length; i++) {
    const gap = gaps[i - 1] ?? 0;
    const paused = gap > NIGHT || gap > Math.max(PAUSE, 20 * usual);
    const last = seen.get(own[i]!.object);
    // Rows with the same time belong to one run, even identical ones.
    const again = last !== undefined && own[last]!.at < own[i]!.at;
    if (i > 0 && (paused || again)) {
      const start = paused ? i : widest(gaps, last!, i);
      starts.push(start);
      seen = new Map(own.slice(start, i).map(({ object }, k) => [object, start + k]));
    }
    seen.set(own[i]!.object, i);
  }
  return starts.map((i) => own[i]!.at);
}

/** Splits at the widest gap between two rows of an object, the last of equal ones. */
function widest(gaps: number[], from: number, to: number): number {
  let best = from;
  for (let i = from; i < to; i++) if (gaps[i]! >= gaps[best]!) best = i;
  return best + 1;
}
