import { type Meaning, meaningOf } from "../../../measures/columns.ts";
import { knownTable } from "./tools.ts";

/** A column of the table and where its cells come from. */
export type Placed = { name: string; from: number };

/** The common columns that a file's own columns can be, whatever the file calls them. */
const COMMON: [name: string, meaning: Meaning][] = [
  ...[["run_id", "run"], ["design", "design"], ["platform", "platform"]] as const,
  ...[["variant", "variant"], ["stage", "stage"], ["corner", "corner"]] as const,
  ["git_commit", "commit"] as const,
].map(([name, meaning]): [string, Meaning] => [name, meaning]);

const OBJECT: Meaning[] = [
  ...["design", "platform", "variant", "stage", "corner", "path_group", "path_type"] as const,
  ...["startpoint", "endpoint", "rule", "layer", "cell", "instance", "test", "seed"] as const,
  ...["metric", "iteration", "category", "site_type"] as const,
];

const MOMENT =
  /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|[-+]\d\d(?::?\d\d)?)?)?$/;

/** In place of an empty cell. */
const NEVER = "1970-01-01";

const meaningsOf = (name: string) => [meaningOf(name, "text"), meaningOf(name, "number")];

/** The one column of a meaning; -1: there is none, or several. */
function only(columns: readonly string[], is: (name: string, i: number) => boolean): number {
  const found = columns.flatMap((name, i) => is(name, i) ? i : []);
  return found.length === 1 ? found[0]! : -1;
}

/** The rows are of several runs where the same object comes again at another time. */
function isHistory(columns: readonly string[], rows: readonly string[][], time: number): boolean {
  const object = columns.flatMap((name, i) =>
    meaningsOf(name).some((meaning) => meaning && OBJECT.includes(meaning)) ? i : []
  );
  const times = new Map<string, string>();
  return rows.some((row) => {
    const key = JSON.stringify(object.map((i) => row[i]?.trim()));
    const seen = times.get(key);
    times.set(key, row[time]!.trim());
    return seen !== undefined && seen !== row[time]!.trim();
  });
}

/**
 * Gives the columns that name the run and the design under test their common names, so that rows
 * are replaced and compared by them; without a run's name, rows of a history are named by their time.
 */
export function placed(columns: readonly string[], rows: readonly string[][]): Placed[] {
  const { renamed = {}, copied = {} } = knownTable(columns) ?? {};
  const names = columns.map((name) => renamed[name] ?? name);
  const take = (name: string, at: number) => {
    if (at >= 0 && !names.includes(name)) names[at] = name;
  };
  const copies = Object.entries(copied).map(([name, from]) => ({
    name,
    from: columns.indexOf(from),
  }));
  const isFree = (name: string) => !copies.some((copy) => copy.name === name);
  for (const [name, meaning] of COMMON) {
    if (isFree(name)) take(name, only(names, (own) => meaningOf(own, "text") === meaning));
  }
  const filled = rows.filter((row) => row.length === columns.length);
  const isTime = (i: number) =>
    filled.length > 0 && filled.every((row) => MOMENT.test(row[i]!.trim() || NEVER));
  take("run_ts", only(names, (own, i) => meaningOf(own, "time") === "time" && isTime(i)));
  const time = names.indexOf("run_ts");
  if (time >= 0 && filled.length > 0 && !isTime(time)) names[time] = "run_ts_text";
  const all = [...names.map((name, from) => ({ name, from })), ...copies];
  const needsRun = time >= 0 && isTime(time) && !names.includes("run_id");
  return needsRun && isHistory(names, filled, time)
    ? [{ name: "run_id", from: time }, ...all]
    : all;
}
