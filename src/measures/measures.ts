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

/** By preference: numbers in a column, then rows to count. */
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

/** Measures in the order of `meanings`, each once. */
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

/** Numbers that sum over a run's parts. */
const ADDED = /_tns$|violations$|^area$|^power$|^cells$/;

export function faultsOf(facts: TableFacts): Fault[] {
  const names = NAMES.filter((name) => facts.mapping.chosen[name]);
  const measures = names.flatMap((name) =>
    corrected(facts, name, meaningsOf(name)[0]!).fault ?? []
  );
  return [...facts.mapping.faults, ...measures];
}

function doubtOfTable({ mapping, unordered }: TableFacts, { doubt, objects, meaning }: Measure) {
  const [ambiguous] = mapping.doubts;
  const added = !objects && ADDED.test(meaning ?? "") ? mapping.repeated : undefined;
  const reason = doubt ?? ambiguous ?? added ??
    (unordered && !objects
      ? "No column orders the runs, so the newest run is unknown."
      : undefined);
  return reason ? { doubt: reason } : {};
}

/** Violations of rules are not failing endpoints. */
function meaningsIn({ kind, columns }: TableFacts, name: NumberName): Meaning[] {
  const ofRules = kind === "drc" || columnOf(columns, "rule") || columnOf(columns, "layer");
  const ofShapes = columnOf(columns, "rule") || columnOf(columns, "layer");
  return meaningsOf(name).filter((meaning) =>
    (meaning !== "violations" || !ofRules) && (meaning !== "area" || !ofShapes)
  );
}

export type Named = Measure & { name: NumberName };

export function keyMeasures(facts: TableFacts): Named[] {
  return NAMES.flatMap((name) => {
    const [first] = measuresOf(facts, meaningsIn(facts, name));
    return first ? [{ ...first, name }] : [];
  });
}

/** Violations after the first iteration, and the number of iterations. */
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

/** A number column without a known meaning. */
export function plainMeasure(column: Column): Measure {
  return {
    ...unnamed(column.name),
    unit: column.unit?.grafana ?? "none",
    symbol: symbolOf(column),
    expression: numberOf(column),
    source: { column: column.name, metric: null },
  };
}

export function cellMeasure(facts: TableFacts, column: Column): Scaled & { defaults?: Defaults } {
  const defaults = defaultsOf(column);
  return { ...scaled(facts, column, column.meaning), ...(defaults && { defaults }) };
}
