import { figure } from "./format.ts";
import { isBetterHigh, type KeyNumber, NAMES, type NumberName } from "./number.ts";
import { converted } from "./names/units.ts";

/** Small changes of these are noise; slacks and counts count as soon as the shown figure differs. */
const RELATIVE: NumberName[] = ["area", "cells", "power", "runtime", "fmax", "utilization"];
/** How many percent such a number moves before it counts, unless configured. */
const PERCENT = 2;

/** Whether a sure number moved by more than noise, and to which side; null: neither. */
export function directionOf(number: KeyNumber, percent = PERCENT): "worse" | "better" | null {
  const { better, sure } = number;
  if (sure === false || better === null || isNoise(number, percent)) return null;
  return better ? "better" : "worse";
}

function isNoise({ name, value, before, change }: KeyNumber, percent: number): boolean {
  if (before === null || change === null) return false;
  return RELATIVE.includes(name)
    ? Math.abs(change) <= Math.abs(before) * percent / 100
    : figure(value) === figure(before);
}

/** Sort key: worse, better, others, not sure. */
function rank(number: KeyNumber, percent: number | undefined): number {
  const direction = directionOf(number, percent);
  const state = number.sure === false ? 3 : direction === "worse" ? 0 : direction ? 1 : 2;
  return state * NAMES.length + NAMES.indexOf(number.name);
}

/** What is worse, then what is better, then the others, then what is not sure. */
export function worseFirst(numbers: KeyNumber[], percent?: number): KeyNumber[] {
  const ranks = new Map(numbers.map((number) => [number, rank(number, percent)]));
  return numbers.toSorted((a, b) => ranks.get(a)! - ranks.get(b)!);
}

/** The number for one line: the first that is worse, else better, else the first sure one. */
export function headline(numbers: KeyNumber[], percent?: number): KeyNumber | undefined {
  return worseFirst(numbers.filter(({ sure }) => sure !== false), percent)[0];
}

/** Compares equal numbers by how much they moved, then by value; in different units where those convert. */
function bySeverity(a: KeyNumber, b: KeyNumber): number {
  if (a.name !== b.name) return 0;
  const [moved, value] = [a.change ?? 0, a.value].map((own) => converted(own, a.unit, b.unit));
  if (moved === undefined || value === undefined) return 0;
  return Math.abs(b.change ?? 0) - Math.abs(moved) ||
    (value - b.value) * (isBetterHigh(a.name) ? 1 : -1);
}

/** Groups by severity, those that got worse most first; within a group by NAMES. */
export function inOrder(numbers: KeyNumber[], percent?: number): KeyNumber[] {
  const groups = Map.groupBy(numbers, ({ group }) => group).values().map((own) => {
    const first = headline(own, percent) ?? own[0]!;
    const worse = own.filter((number) => directionOf(number, percent) === "worse").length;
    return { own, first, worse, rank: rank(first, percent) };
  });
  return groups.toArray()
    .toSorted((a, b) => a.rank - b.rank || bySeverity(a.first, b.first) || b.worse - a.worse)
    .flatMap(({ own }) => own.toSorted((a, b) => NAMES.indexOf(a.name) - NAMES.indexOf(b.name)));
}
