import type { Column } from "../boards/columns.ts";
import { columnOf, type TableFacts } from "../boards/facts.ts";
import type { Db } from "../external/postgres.ts";
import { figure, oneLine } from "./message.ts";
import type { Measure } from "./summary_measures.ts";
import { type KeyNumber, LABELS } from "./summary_number.ts";
import { cutQuery } from "./summary_query.ts";

type Moved = {
  number: KeyNumber;
  measure: Measure;
  keys: (string | null)[];
  /** Whether it is the only group of the run. */
  alone: boolean;
};

type CutRow = {
  cut: string | null;
  now: boolean;
  value: number | null;
  late: number;
  first_sha: string | null;
  last_sha: string | null;
};

const CUTS = ["path_group", "corner", "rule", "layer"] as const;

/**
 * Why a number moved, in one sentence: where most, and since which commit. Undefined where it did not
 * move, or the table knows neither. Throws what postgres.js throws.
 */
export async function explain(
  reader: Db,
  facts: TableFacts,
  measures: Measure[],
  { number, measure, keys, alone }: Moved,
): Promise<string | undefined> {
  if (!number.change) return undefined;
  const cuts = CUTS.flatMap((meaning) => {
    const column = columnOf(facts.columns, meaning);
    return column ? [{ column, called: meaning.replace("_", " ") }] : [];
  });
  const ask = async (cut: Column | undefined) =>
    await reader.unsafe(
      cutQuery(facts, measures, measure, keys, cut),
    ) as unknown as CutRow[];
  const places: Place[] = [];
  for (const { column, called } of cuts) {
    const rows = await ask(column);
    const place = mostMoved(rows, number, measure);
    if (place) places.push({ ...place, called, rows });
    // A worst value stands in one place: no other column can have moved it more.
    if (place && measure.across !== "sum") break;
  }
  const most = places.toSorted((a, b) => b.by - a.by)[0];
  const commit = sinceCommit(most?.rows ?? await ask(undefined));
  if (!most && !commit) return undefined;
  return sentence(number, alone, [...(most ? wordsOf(most, number, facts) : []), commit]);
}

type Place = { cut: string; by: number; late: number; called: string; rows: CutRow[] };

/**
 * What moved most. Of a worst value it is where the worst stands: now, or, when that became better, at
 * the run before; the move of another part would explain nothing.
 */
function mostMoved(rows: CutRow[], { change, value, before }: KeyNumber, { across }: Measure) {
  const parts = Map.groupBy(rows.filter(({ cut }) => cut?.trim()), ({ cut }) => cut!);
  const moves = parts.entries().map(([cut, both]) => {
    const now = both.find((row) => row.now);
    const then = both.find((row) => !row.now);
    const by = (now?.value ?? 0) - (then?.value ?? 0);
    return { cut, now: now?.value ?? null, then: then?.value ?? null, by, late: now?.late ?? 0 };
  }).toArray();
  if (moves.length === 0) return undefined;
  const extreme = across === "sum" ? undefined : across;
  if (extreme) {
    const grew = change! > 0 === (extreme === "max");
    const found = moves.find(({ now, then }) => grew ? now === value : then === before);
    return found && { ...found, by: Math.abs(change!) };
  }
  const same = moves.filter(({ by }) => by * change! > 0)
    .toSorted((a, b) => Math.abs(b.by) - Math.abs(a.by))[0];
  return same && { ...same, by: Math.abs(same.by) };
}

function wordsOf({ called, cut, late }: Place, number: KeyNumber, facts: TableFacts): string[] {
  const slack = /_[wt]ns$/.test(number.name);
  const verb = number.better === false && slack ? "worst" : "most";
  const ends = slack && late > 0 && columnOf(facts.columns, "endpoint");
  return [
    `${verb} in ${called} ${short(cut)}`,
    ...(ends ? [`${figure(late)} endpoint${late === 1 ? "" : "s"}`] : []),
  ];
}

/** The newest run's commit, where it is one and the run before had another. */
function sinceCommit(rows: CutRow[]): string | undefined {
  const of = (now: boolean) => {
    const all = rows.filter((row) => row.now === now)
      .flatMap(({ first_sha, last_sha }) => [first_sha, last_sha]);
    return new Set(all.filter((sha) => sha?.trim()));
  };
  const [now, before] = [of(true), of(false)];
  const [sha] = now;
  if (now.size !== 1 || !sha || before.has(sha)) return undefined;
  return `since ${/^[0-9a-f]{20,}$/i.test(sha) ? sha.slice(0, 9) : short(sha)}`;
}

function sentence(number: KeyNumber, alone: boolean, rest: (string | undefined)[]): string {
  const { name, group, value, before, unit } = number;
  const label = LABELS[name].replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
  const whose = group && !alone ? `${short(group)}: ` : "";
  const moved = `${whose}${label} ${figure(before!)} → ${figure(value)}${unit ? ` ${unit}` : ""}`;
  return [moved, ...rest.filter((part) => part !== undefined)].join(", ");
}

function short(text: string): string {
  const characters = [...oneLine(text)];
  return characters.length > 63 ? `${characters.slice(0, 62).join("")}…` : characters.join("");
}
