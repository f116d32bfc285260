import { figure } from "../../measures/format.ts";
import { type KeyNumber, LABELS } from "../../measures/number.ts";
import { directionOf, inOrder, worseFirst } from "../../measures/direction.ts";
import { amount, name } from "./blocks.ts";

type Group = { group: string | null; numbers: KeyNumber[] };

/** The numbers of a run that its message has room for, what is worse first. */
export type Chosen = {
  groups: Group[];
  /** Whether the run has numbers of several designs. */
  several: boolean;
  /** "Setup WNS worse", "3 designs worse, 2 better", or empty. */
  direction: string;
  /** What is left out, or empty. */
  rest: string;
};

/** More would push the preview out of sight on a phone. */
const MOST = { groups: 4, of_one: 6, of_several: 2 };

const MOST_IN_GROUP = 80;

/** Of several designs those that moved, or, where none did, the first ones. */
export function chooseNumbers(numbers: KeyNumber[], percent: number | undefined): Chosen {
  const all = Map.groupBy(inOrder(numbers, percent), ({ group }) => group).entries()
    .map(([group, own]) => ({ group, numbers: worseFirst(own, percent) })).toArray();
  const several = all.length > 1;
  const directions = all.map(({ numbers: [first] }) => directionOf(first!, percent));
  const isMoved = (number: KeyNumber) => directionOf(number, percent) !== null;
  const moved = all.filter((_, i) => directions[i] !== null);
  const full = (moved.length > 0 ? moved : all).slice(0, MOST.groups);
  const most = several ? MOST.of_several : MOST.of_one;
  const room = several && moved.length > 0 ? isMoved : () => true;
  const groups = full.map((group) => ({
    ...group,
    numbers: group.numbers.filter(room).slice(0, most),
  }));
  const left = directions.filter((_, i) => !full.includes(all[i]!));
  const isCompared = numbers.some(({ change }) => change !== null);
  const count = (groups: Group[]) => groups.flatMap(({ numbers }) => numbers).length;
  const cut = count(full) - count(groups);
  return {
    groups,
    several,
    direction: several ? tally(directions, "design") : movement(all[0]?.numbers[0], directions[0]),
    rest: left.length > 0 ? others(left, isCompared) : cut > 0 ? `And ${more(cut, "number")}.` : "",
  };
}

type Direction = ReturnType<typeof directionOf>;

const movement = (first: KeyNumber | undefined, direction: Direction | undefined) =>
  first && direction ? `${LABELS[first.name]} ${direction}` : "";

const counted = (count: number, noun: string) =>
  `${figure(count)} ${noun}${count === 1 ? "" : "s"}`;
const more = (count: number, noun: string) => `${counted(count, `more ${noun}`)} on the dashboard`;

/** "3 designs worse, 2 better"; empty when none moved. */
function tally(directions: Direction[], noun: string): string {
  const moved = (["worse", "better"] as const).map((word) => ({
    word,
    count: directions.filter((direction) => direction === word).length,
  })).filter(({ count }) => count > 0);
  return moved.map(({ word, count }, i) =>
    `${i === 0 && noun ? counted(count, noun) : figure(count)} ${word}`
  ).join(", ");
}

/** "And 4 more designs on the dashboard: 1 worse, 2 better." */
function others(directions: Direction[], isCompared: boolean): string {
  const moved = tally(directions, "");
  const how = moved ? `: ${moved}` : isCompared ? ", none worse" : "";
  return `And ${more(directions.length, "design")}${how}.`;
}

/** "gcd sky130hd Setup WNS -0.12 ns (-0.07 ns, worse)"; whose it is only where the run has several groups. */
export function inShort(number: KeyNumber, several: boolean): string {
  const whose = several && number.group ? `${name(number.group, MOST_IN_GROUP)} ` : "";
  return `${whose}${LABELS[number.name]} ${amount(number)}`;
}

/** The chosen numbers in the order in which a line has room for them: of several groups each one's first. */
export function forLine({ groups, several }: Chosen): KeyNumber[] {
  return several ? groups.map(({ numbers }) => numbers[0]!) : groups[0]?.numbers ?? [];
}

/** One text for each group: its name, and a number a line. */
export function linesOf({ groups }: Chosen): string[] {
  return groups.map(({ group, numbers }) =>
    [
      ...(group ? [name(group, MOST_IN_GROUP)] : []),
      ...numbers.map((number) => inShort(number, false)),
    ].join("\n")
  );
}
