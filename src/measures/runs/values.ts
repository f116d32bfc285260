import { allOf } from "../readers/conditions.ts";
import { columnOf, type TableFacts, tableOf } from "../facts.ts";
import { type Fold, type Measure, type PartName, PARTS } from "../measure.ts";
import { keysOf, knownRuns, ofKnownRun, runOf } from "./runs.ts";
import { conditions, numberOf, textOf } from "../sql.ts";
import { stageRank } from "./stages.ts";

/** Which rows are read, and what else the answer is cut by, as SQL. */
export type Choice = {
  where?: (string | undefined)[];
  cut?: string;
  /** Each group's newest runs alone, as many as this. */
  newest?: number;
  /** In place of a row's run, a point of time as SQL that several runs share. */
  point?: string;
};

/** One run of one group, as `runValues` gives it to who adds its keys and time. */
export type RunRow = {
  keys: string[];
  run: unknown;
  at_ms: number | null;
  of_stage: string;
  corners: string;
} & Record<string, unknown>;

/** The parts that a run of this table has, innermost first. */
export function partsOf(facts: TableFacts, measures: Measure[]): PartName[] {
  const objects = measures.some(({ of_endpoint }) => of_endpoint);
  return PARTS.filter((part) => columnOfPart(facts, part) && (part !== "endpoint" || objects));
}

/**
 * SQL with a row for each group, run and value of `cut`: `k0 …` (the group's names, '' for none), `run`, `at`
 * (its time), `cut`, `v0 …` (a value for each measure, float8), `c0 …` (the corner that it comes from), `lo0`, `hi0` (the
 * least and greatest unit that its rows state), and of the run `of_stage` (its last) and `corners`.
 */
export function runValues(facts: TableFacts, measures: Measure[], choice: Choice = {}): string {
  const parts = partsOf(facts, measures);
  return parts.reduce(
    (inner, part, i) => folded(facts, measures, inner, part, parts.slice(i + 1), choice),
    scanned(facts, measures, parts, choice),
  );
}

/** What a level of the query is grouped by: the outer columns keep their names all the way up. */
function outerNames(facts: TableFacts, parts: PartName[], { cut }: Choice): string[] {
  return [...facts.group_columns.map((_, i) => `k${i}`), "run", ...(cut ? ["cut"] : []), ...parts];
}

/** The order of a run's stages, the last first; stages of no known name by their time. */
const STAGES_LAST = `${stageRank("stage")} DESC, at DESC, stage DESC`;
const PART_LAST = { iteration: "iteration DESC NULLS LAST", stage: STAGES_LAST };
const ENDS = [["lo", "min"], ["hi", "max"]] as const;

function scanned(facts: TableFacts, measures: Measure[], parts: PartName[], choice: Choice) {
  const { point } = choice;
  const { at, key } = point ? { at: point, key: point } : runOf(facts);
  const keys = keysOf(facts).map((sql, i) => `${sql} AS k${i}`);
  const named = [
    ...keys,
    `${key} AS run`,
    ...(choice.cut ? [`${choice.cut} AS cut`] : []),
    ...parts.map((part) => `${partKey(facts, part)} AS ${part}`),
  ];
  const values = measures.flatMap((measure, i) => {
    const { where, stated } = measure;
    const value = stated?.expression ?? measure.expression;
    // Of the whole the parts are no parts: cut, the parts are shown, else the whole counts alone.
    const whole = measure.whole && (choice.cut ? `(${measure.whole}) IS NOT TRUE` : measure.whole);
    const counts = allOf(where, whole);
    const counted = counts ? `CASE WHEN ${counts} THEN ${value} END` : value;
    return [
      `pg_catalog.${measure.rows}(${counted}) AS v${i}`,
      ...(facts.mapping.corner ? [`'' AS c${i}`] : []),
      ...(stated
        ? ENDS.map(([name, end]) =>
          `pg_catalog.${end}(${stated.unit}) FILTER (WHERE (${counted}) IS NOT NULL) AS ${name}${i}`
        )
        : []),
    ];
  });
  const ends = [
    `pg_catalog.max(${at}) AS at`,
    "'' AS of_stage",
    "'' AS corners",
  ];
  const by = outerNames(facts, parts, choice).map((_, i) => i + 1).join(", ");
  const picked = choice.newest ? knownRuns(facts, choice.newest) : undefined;
  return `SELECT ${[...named, ...ends, ...values].join(", ")} FROM ${tableOf(facts)}${
    conditions([picked, ofKnownRun(facts), ...(choice.where ?? [])])
  } GROUP BY ${by}`;
}

function columnOfPart({ columns, mapping }: TableFacts, part: PartName) {
  return part === "corner" ? mapping.corner : columnOf(columns, part);
}

function partKey(facts: TableFacts, part: PartName): string {
  const column = columnOfPart(facts, part)!;
  if (part === "iteration") return numberOf(column);
  const key = `COALESCE(${textOf(column)}, '')`;
  const slack = part === "endpoint" && columnOf(facts.columns, "slack");
  // Endpoints that are met add nothing: kept apart, they would be most of the groups of a million paths.
  return slack ? `CASE WHEN ${numberOf(slack)} < 0 THEN ${key} END` : key;
}

function folded(
  facts: TableFacts,
  measures: Measure[],
  inner: string,
  part: PartName,
  rest: PartName[],
  choice: Choice,
) {
  const names = outerNames(facts, rest, choice);
  const values = measures.flatMap((measure, i) => [
    `${foldOf(measure, part, i)} AS v${i}`,
    ...(facts.mapping.corner ? [`${worstCorner(measure, part, i)} AS c${i}`] : []),
    ...(measure.stated
      ? ENDS.map(([name, end]) => `pg_catalog.${end}(${name}${i}) AS ${name}${i}`)
      : []),
  ]);
  const list = `pg_catalog.string_agg(corner, ' ' ORDER BY corner)`;
  const last = `(pg_catalog.array_agg(stage ORDER BY ${STAGES_LAST}))[1]`;
  const kept = (name: string) => part === "endpoint" ? "''" : `pg_catalog.max(${name})`;
  const ends = [
    "pg_catalog.max(at) AS at",
    `${part === "stage" ? last : kept("of_stage")} AS of_stage`,
    `${part === "corner" ? list : kept("corners")} AS corners`,
  ];
  return `SELECT ${[...names, ...ends, ...values].join(", ")} FROM (${inner}) ${part} GROUP BY ${
    names.join(", ")
  }`;
}

function foldOf({ of_endpoint, rows, folds }: Measure, part: PartName, i: number): string {
  if (part === "endpoint") {
    return of_endpoint
      ? `pg_catalog.sum(${of_endpoint.replaceAll('"v"', `v${i}`)})`
      : `pg_catalog.${rows}(v${i})`;
  }
  const fold: Fold = folds[part] ?? rows;
  if (fold !== "last" && fold !== "first") return `pg_catalog.${fold}(v${i})`;
  const order = part === "stage" || part === "iteration" ? PART_LAST[part] : `${part} DESC`;
  return `(pg_catalog.array_agg(v${i} ORDER BY ${
    fold === "last" ? order : order.replaceAll("DESC", "ASC")
  }))[1]`;
}

/** The corner that a run's value comes from. */
function worstCorner({ folds, rows }: Measure, part: PartName, i: number): string {
  const fold = folds.corner ?? rows;
  if (part === "endpoint") return "''";
  if (part !== "corner") return `(pg_catalog.array_agg(c${i} ORDER BY ${PART_LAST[part]}))[1]`;
  if (fold !== "min" && fold !== "max") return "''";
  const order = fold === "min" ? "ASC" : "DESC";
  return `(pg_catalog.array_agg(corner ORDER BY v${i} ${order} NULLS LAST, corner))[1]`;
}
