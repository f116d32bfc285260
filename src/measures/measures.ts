import { columnOf } from "./names/choose.ts";
import type { Column, Meaning } from "./columns.ts";
import type { TableFacts } from "./facts.ts";
import { longMeasure } from "./readers/long.ts";
import { type Defaults, defaultsOf, type Measure, unnamed } from "./measure.ts";
import { meaningsOf } from "./mapping/chosen.ts";
import type { Fault } from "./mapping/parts.ts";
import { NAMES, type NumberName } from "./number.ts";
import { chosenMeasure } from "./readers/chosen.ts";
import { failedMeasure, pathMeasure, testMeasure, violationMeasure } from "./readers/objects.ts";
import { type Scaled, scaled } from "./readers/scaled.ts";
import { numberOf } from "./sql.ts";
import { symbolOf } from "./names/units.ts";
import { wideMeasure } from "./readers/wide.ts";

/** Where a number may stand, the plainest first: in a column, in rows that are to be counted. */
const READERS = [
  wideMeasure,
  longMeasure,
  testMeasure,
  failedMeasure,
  pathMeasure,
  violationMeasure,
];

function automatic(facts: TableFacts, meaning: Meaning): Measure | undefined {
  for (const read of READERS) {
    const measure = read(facts, meaning);
    if (measure) return measure;
  }
}

function corrected(facts: TableFacts, name: NumberName, meaning: Meaning) {
  const own = (facts: TableFacts) =>
    meaningsOf(name).map((meaning) => automatic(facts, meaning)).find(Boolean);
  return chosenMeasure(facts, name, meaning, own);
}

/** The measures of these meanings that the table has, in this order, each meaning once. */
export function measuresOf(facts: TableFacts, meanings: readonly Meaning[]): Measure[] {
  const given = new Set<NumberName>();
  return meanings.flatMap((meaning) => {
    const name = NAMES.find((name) => meaningsOf(name).includes(meaning));
    const isChosen = name && facts.mapping.chosen[name] !== undefined;
    if (isChosen && given.has(name)) return [];
    if (isChosen) given.add(name);
    const measure = isChosen ? corrected(facts, name, meaning).measure : automatic(facts, meaning);
    return measure ? [{ ...measure, ...doubtOfTable(facts, measure) }] : [];
  });
}

/** Numbers of a run that its parts add up to. */
const ADDED = /_tns$|violations$|^area$|^power$|^cells$/;

/** What of a correction the table cannot follow. */
export function faultsOf(facts: TableFacts): Fault[] {
  const names = NAMES.filter((name) => facts.mapping.chosen[name]);
  const measures = names.flatMap((name) =>
    corrected(facts, name, meaningsOf(name)[0]!).fault ?? []
  );
  return [...facts.mapping.faults, ...measures];
}

/** What makes every number of a table unsure: nothing tells which of its rows are the newest. */
function doubtOfTable({ mapping, unordered }: TableFacts, { doubt, objects, meaning }: Measure) {
  const [ambiguous] = mapping.doubts;
  const added = !objects && ADDED.test(meaning ?? "") ? mapping.repeated : undefined;
  const said = doubt ?? ambiguous ?? added ??
    (unordered && !objects
      ? "Nothing puts the runs in order: the newest of them is not known."
      : undefined);
  return said ? { doubt: said } : {};
}

/** Which meanings may stand for a number here: violations of rules are none of paths. */
function meaningsIn({ kind, columns }: TableFacts, name: NumberName): Meaning[] {
  const ofRules = kind === "drc" || columnOf(columns, "rule") || columnOf(columns, "layer");
  const ofShapes = columnOf(columns, "rule") || columnOf(columns, "layer");
  return meaningsOf(name).filter((meaning) =>
    (meaning !== "violations" || !ofRules) && (meaning !== "area" || !ofShapes)
  );
}

export type Named = Measure & { name: NumberName };

/** The measures of a table that are key numbers, in the order of their names. */
export function keyMeasures(facts: TableFacts): Named[] {
  return NAMES.flatMap((name) => {
    const [first] = measuresOf(facts, meaningsIn(facts, name));
    return first ? [{ ...first, name }] : [];
  });
}

/** How a run came to its last count: what its first iteration left, and how many it took. */
export function iterationMeasures(facts: TableFacts, total: Measure): Measure[] {
  const iteration = columnOf(facts.columns, "iteration");
  if (!iteration) return [];
  const { good: _, ...counted } = total;
  const first: Measure = {
    ...counted,
    title: "After the first iteration",
    folds: { ...total.folds, iteration: "first" },
    log_scale: true,
  };
  const most: Measure = {
    ...unnamed("Last iteration"),
    unit: "locale",
    decimals: 0,
    symbol: null,
    expression: numberOf(iteration),
    source: { column: iteration.name, metric: null },
  };
  return [first, most];
}

/** A number column that no word explains: shown as it is, under its own name. */
export function plainMeasure(column: Column): Measure {
  return {
    ...unnamed(column.name),
    unit: column.unit?.grafana ?? "none",
    symbol: symbolOf(column),
    expression: numberOf(column),
    source: { column: column.name, metric: null },
  };
}

/** A column's value as a table's cells show it: the unit and SQL that its measure would have. */
export function cellMeasure(facts: TableFacts, column: Column): Scaled & { defaults?: Defaults } {
  const defaults = defaultsOf(column);
  return { ...scaled(facts, column, column.meaning), ...(defaults && { defaults }) };
}
