import type { Db } from "../external/postgres/postgres.ts";
import { columnOf, type TableFacts, tableOf } from "./facts.ts";
import { figure, oneLine } from "./format.ts";
import { type Measure } from "./measure.ts";
import { measuresOf } from "./measures.ts";
import { type KeyNumber, LABELS } from "./number.ts";
import { keysOf, knownRuns, newestFirst, ofKnownRun, runOf } from "./runs/runs.ts";
import { conditions, quoteText, textOf } from "./sql.ts";
import { runValues } from "./runs/values.ts";

type Moved = {
  number: KeyNumber;
  measure: Measure;
  keys: string[];
  alone: boolean;
};

type PartRow = { cut: string | null; now: boolean; v0: number | null; v1?: number | null };
type Part = { cut: string; by: number; failing: number; dimension: string };

const DIMENSIONS = ["path_group", "corner", "rule", "layer"] as const;
/** The largest changes are among these. */
const MOST_PARTS = 1000;

/** Explains a change in one sentence: where it is largest, and since which commit. Undefined when neither is known. */
export async function explain(
  reader: Db,
  facts: TableFacts,
  { number, measure, keys, alone }: Moved,
): Promise<string | undefined> {
  if (!number.change) return undefined;
  const where = [
    ofKnownRun(facts),
    ...keysOf(facts).map((key, i) => `${key} = ${quoteText(keys[i]!)}`),
  ];
  const parts: Part[] = [];
  for (const meaning of DIMENSIONS) {
    const column = columnOf(facts.columns, meaning);
    if (!column) continue;
    const rows = await readParts(reader, facts, measure, where, textOf(column));
    const part = largestDeltas(rows, number, measure);
    if (part) parts.push({ ...part, dimension: meaning.replace("_", " ") });
    // A worst value has one location: no other column can explain more of it.
    if (part && !isSum(measure)) break;
  }
  const most = parts.toSorted((a, b) => b.by - a.by)[0];
  const commit = await sinceCommit(reader, facts, where);
  if (!most && !commit) return undefined;
  return sentence(number, alone, [...(most ? wordsOf(most, number) : []), commit]);
}

const isNewest = (facts: TableFacts) =>
  `run = pg_catalog.first_value(run) OVER (ORDER BY ${newestFirst(facts)})`;

const isSum = ({ rows, of_endpoint }: Measure) => rows === "sum" || of_endpoint !== undefined;

/** For a slack, `v1` counts failing endpoints. */
async function readParts(
  reader: Db,
  facts: TableFacts,
  measure: Measure,
  where: (string | undefined)[],
  cut: string,
): Promise<PartRow[]> {
  const fails = measure.good === "from 0" && columnOf(facts.columns, "endpoint")
    ? measuresOf(facts, [
      measure.meaning?.startsWith("hold") ? "hold_violations" : "setup_violations",
    ])
    : [];
  const values = runValues(facts, [measure, ...fails], { where, newest: 2, cut });
  return await reader.unsafe(
    `SELECT pg_catalog.left(cut, 200) AS cut, ${isNewest(facts)} AS now, v0${
      fails.length > 0 ? ", v1" : ""
    } FROM (${values}) r ORDER BY pg_catalog.abs(v0) DESC NULLS LAST LIMIT ${MOST_PARTS}`,
  ) as unknown as PartRow[];
}

/** The largest change. For a worst value: the part that holds the worst now, or held it before an improvement. */
function largestDeltas(rows: PartRow[], { change, value, before }: KeyNumber, measure: Measure) {
  const parts = Map.groupBy(rows.filter(({ cut }) => cut?.trim()), ({ cut }) => cut!);
  const moves = parts.entries().map(([cut, both]) => {
    const now = both.find((row) => row.now);
    const then = both.find((row) => !row.now);
    const by = (now?.v0 ?? 0) - (then?.v0 ?? 0);
    return { cut, now: now?.v0 ?? null, then: then?.v0 ?? null, by, failing: now?.v1 ?? 0 };
  }).toArray();
  if (moves.length === 0) return undefined;
  if (!isSum(measure)) {
    const grew = change! > 0 === (measure.rows === "max");
    const found = moves.find(({ now, then }) => grew ? now === value : then === before);
    return found && { ...found, by: Math.abs(change!) };
  }
  const same = moves.filter(({ by }) => by * change! > 0)
    .toSorted((a, b) => Math.abs(b.by) - Math.abs(a.by))[0];
  return same && { ...same, by: Math.abs(same.by) };
}

function wordsOf({ dimension, cut, failing }: Part, number: KeyNumber): string[] {
  const slack = /_[wt]ns$/.test(number.name);
  const verb = number.better === false && slack ? "worst" : "most";
  const ends = slack && failing > 0;
  return [
    `${verb} in ${dimension} ${short(cut)}`,
    ...(ends ? [`${figure(failing)} endpoint${failing === 1 ? "" : "s"}`] : []),
  ];
}

/** The newest run's only commit, when the run before had another. */
async function sinceCommit(reader: Db, facts: TableFacts, where: (string | undefined)[]) {
  const commit = columnOf(facts.columns, "commit");
  if (!commit) return undefined;
  const rows = await reader.unsafe(
    `SELECT ${isNewest(facts)} AS now, low, high FROM (
       SELECT ${runOf(facts).key} AS run, pg_catalog.max(${
      runOf(facts).at
    }) AS at, pg_catalog.min(${textOf(commit)}) AS low,
         pg_catalog.max(${textOf(commit)}) AS high
       FROM ${tableOf(facts)}${conditions([knownRuns(facts, 2), ...where])}
       GROUP BY 1) r`,
  ) as unknown as { now: boolean; low: string | null; high: string | null }[];
  const of = (now: boolean) =>
    new Set(
      rows.filter((row) => row.now === now).flatMap(({ low, high }) => [low, high])
        .filter((sha) => sha?.trim()),
    );
  const [now, before] = [of(true), of(false)];
  const [sha] = now;
  if (now.size !== 1 || !sha || before.has(sha)) return undefined;
  return `since ${/^[0-9a-f]{20,}$/i.test(sha) ? sha.slice(0, 9) : short(sha)}`;
}

function sentence(number: KeyNumber, alone: boolean, rest: (string | undefined)[]): string {
  const { name, group, value, before, unit } = number;
  const whose = group && !alone ? `${short(group)}: ` : "";
  const label = whose
    ? LABELS[name].replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())
    : LABELS[name];
  const moved = `${whose}${label} ${figure(before!)} → ${figure(value)}${unit ? ` ${unit}` : ""}`;
  return [moved, ...rest.filter((part) => part !== undefined)].join(", ");
}

function short(text: string): string {
  const characters = [...oneLine(text)];
  return characters.length > 63 ? `${characters.slice(0, 62).join("")}…` : characters.join("");
}
