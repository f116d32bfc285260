import { type KeptNumber, pointsOver } from "./course.ts";
import { type KeyNumber, LABELS } from "./number.ts";

const LARGE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 2 });
const SMALL = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });

/** Formats a value: integers in full, others with 6 significant digits, from 1,000 up with 2 decimals. */
export function figure(value: number): string {
  if (value === 0) return "0"; // a WNS of -0 too
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e15) return String(Number(value.toPrecision(4)));
  return (Number.isInteger(value) || size >= 1_000 ? LARGE : SMALL).format(value);
}

/** "-0.12 ns"; a unit is cut at 20 characters. */
export function quantity(value: number, unit: string | null): string {
  return unit ? `${figure(value)} ${short(unit)}` : figure(value);
}

const short = (unit: string) => {
  const characters = [...oneLine(unit)];
  return isolated(
    characters.length > 20 ? `${characters.slice(0, 19).join("")}…` : characters.join(""),
  );
};

const RTL = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;

/** Keeps right-to-left text from turning its neighbours. */
export const isolated = (line: string) => RTL.test(line) ? `\u2068${line}\u2069` : line;

const direction = (better: boolean | null) =>
  better === null ? "" : better ? ", better" : ", worse";

/** "+0.05, better" or "no change". */
export function change(by: number, better: boolean | null, unit: string | null = null): string {
  if (by === 0) return "no change";
  return `${by > 0 ? "+" : ""}${quantity(by, unit)}${direction(better)}`;
}

/** Texts only: views import no code from here. */
export type ShownNumber = {
  group: string | null;
  label: string;
  value: string;
  before: string;
  change: string;
  state: "good" | "bad" | "none";
  /** Over its runs, oldest first; `label` says it in words. */
  course?: { values: number[]; label: string; history?: History } | undefined;
};

/** What a chart with axes shows: the values with their runs, the lowest and the highest one. */
export type History = { runs: { name: string; value: string }[]; low: string; high: string };

export function shownNumber(number: KeyNumber): ShownNumber {
  const { name, group, value, unit, before, better } = number;
  return {
    group: group && oneLine(group),
    label: LABELS[name],
    value: quantity(value, unit),
    before: before === null ? "" : quantity(before, unit),
    change: number.sure === false
      ? `not sure: ${number.doubt ?? ""}`
      : number.change === null
      ? number.doubt ?? "no previous value"
      : change(number.change, better, unit),
    state: better === null ? "none" : better ? "good" : "bad",
  };
}

/** Removes line breaks, control and zero-width characters and bidirectional marks. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .replace(/[\u00ad\u061c\u200b\u200e\u200f\u2060-\u2064\ufeff]/g, "").trim();
}

function shownCourse(number: KeyNumber, kept: KeptNumber[], whole: boolean): ShownNumber["course"] {
  const points = pointsOver(number, kept);
  if (points.length < 2) return undefined;
  const values = points.map(({ value }) => value);
  const text = (value: number) => quantity(value, number.unit);
  const [first, last] = [values[0]!, values.at(-1)!].map(text);
  const label = `${LABELS[number.name]} over ${values.length} runs: from ${first} to ${last}`;
  if (!whole) return { values, label };
  const runs = points.map(({ run_name, value }) => ({
    name: oneLine(run_name),
    value: text(value),
  }));
  const [low, high] = [text(Math.min(...values)), text(Math.max(...values))];
  return { values, label, history: { runs, low, high } };
}

/** `histories`: each course has the runs and values of a chart with axes. */
export function withShownNumbers<Row extends { numbers: KeyNumber[] }>(
  row: Row,
  kept: KeptNumber[] = [],
  { histories = false } = {},
) {
  const numbers = row.numbers.map((number): ShownNumber => ({
    ...shownNumber(number),
    course: shownCourse(number, kept, histories),
  }));
  return { ...row, numbers };
}
export type WithShown<Row> = Omit<Row, "numbers"> & { numbers: ShownNumber[] };
