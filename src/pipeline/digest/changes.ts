import { comparedWith, type KeyNumber, NAMES } from "../../measures/number.ts";
import { directionOf, inOrder } from "../../measures/direction.ts";
import type { Span, Table, Window } from "./store.ts";

export type Moved = Table & Pick<Window, "first_run" | "last_run"> & {
  worse: KeyNumber[];
  better: KeyNumber[];
};
export type Changes = {
  /** With a sure number that got worse; the others that moved are in `better`. */
  worse: Moved[];
  better: Moved[];
  attention: Table[];
  /** With new runs, whether they moved or not. */
  fresh: Moved[];
};

/** Where the table's numbers went in the window. */
export function movesOf(
  { numbers }: Pick<Window, "numbers">,
  percent: number,
): Pick<Moved, "worse" | "better"> {
  const moved = numbers.flatMap((span) => moveOf(span) ?? []);
  const went = (where: "worse" | "better") =>
    inOrder(moved.filter((number) => directionOf(number, percent) === where), percent);
  return { worse: went("worse"), better: went("better") };
}

/**
 * From the last run before the window, else from what its first run was compared with, else from that run.
 * Undefined: a run differs in scope from the one before it.
 */
function moveOf({ before, first, last, breaks }: Span): KeyNumber | undefined {
  const isFirstEver = !before && first.before === null;
  if (breaks > (isFirstEver ? 1 : 0)) return undefined;
  return comparedWith(last, before ?? { ...first, value: first.before ?? first.value });
}

/** The tables that have new runs, with where their numbers went. */
export function movedOf(tables: Table[], windows: Window[], percent: number): Moved[] {
  const found = new Map(windows.map((window) => [window.id, window]));
  return tables.flatMap((table) => {
    const window = found.get(table.id);
    if (!window) return [];
    const { first_run, last_run } = window;
    return [{ ...table, first_run, last_run, ...movesOf(window, percent) }];
  });
}

/** The changes of a channel's tables, the gravest first. */
export function changesOf(tables: Table[], fresh: Moved[]): Changes {
  const worse = fresh.filter(({ worse }) => worse.length > 0);
  const better = fresh.filter(({ worse, better }) => worse.length === 0 && better.length > 0);
  return {
    worse: byGravity(worse, "worse"),
    better: byGravity(better, "better"),
    attention: tables.filter(({ attention }) => attention !== null),
    fresh,
  };
}

function byGravity(tables: Moved[], by: "worse" | "better"): Moved[] {
  const rank = (table: Moved) => NAMES.indexOf(table[by][0]!.name);
  return tables.toSorted((a, b) => rank(a) - rank(b) || b[by].length - a[by].length || a.id - b.id);
}
