import { columnOf } from "../names/choose.ts";
import type { Column, Meaning } from "../columns.ts";
import { allOf, hasHold, isWaivedCount, notWaived, ofCheck, ofWhole } from "./conditions.ts";
import type { TableFacts } from "../facts.ts";
import { DEFAULTS, type Measure } from "../measure.ts";
import { scaled } from "./scaled.ts";
import { numberOf, quoteName, textOf } from "../sql.ts";
import { candidates } from "./wide.ts";

const failing = (value: string) => `CASE WHEN ${value} < 0 THEN 1 WHEN ${value} >= 0 THEN 0 END`;

/** One row per path, its slack in a column. */
export function pathMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const slack = columnOf(candidates(facts), "slack");
  const defaults = DEFAULTS[meaning];
  if (!slack || !defaults || facts.metrics.length > 0) return undefined;
  const hold = meaning.startsWith("hold");
  // Without hold paths the panel would stay empty.
  if (hold && !hasHold(facts)) return undefined;
  const end = columnOf(facts.columns, "endpoint");
  if (!meaning.endsWith("wns") && !end && !columnOf(facts.columns, "startpoint")) return undefined;
  const counted = meaning === "setup_violations" && columnOf(candidates(facts), "violations");
  if (counted && end) return undefined;
  const where = allOf(ofCheck(facts, hold ? "hold" : "setup"), notWaived(facts));
  const base: Measure = {
    ...defaults,
    meaning,
    objects: true,
    ...scaled(facts, slack, "slack"),
    ...(where && { where }),
    source: { column: slack.name, metric: null },
  };
  return ofPaths(base, meaning, end);
}

function ofPaths(base: Measure, meaning: Meaning, end: Column | undefined): Measure | undefined {
  if (meaning.endsWith("wns")) return { ...base, rows: "min" };
  const listed = "Listed paths only";
  if (meaning.endsWith("tns") && end) {
    const note = `${listed}: the sum of each endpoint's worst negative slack, in the worst corner.`;
    return {
      ...base,
      rows: "min",
      of_endpoint: `CASE WHEN "v" < 0 THEN "v" WHEN "v" >= 0 THEN 0 END`,
      note,
    };
  }
  if (!/^(?:setup|hold)_violations$/.test(meaning)) return undefined;
  const ends = end ? "endpoints" : "paths";
  const title = meaning.startsWith("hold") ? `Hold failing ${ends}` : `Failing ${ends}`;
  const note = `${listed}: endpoints with negative slack, in the worst corner.`;
  const { stated, ...rest } = base;
  const expression = stated?.expression ?? base.expression;
  const count = { ...rest, expression, title, note, unit: "locale", symbol: null, decimals: 0 };
  if (end) return { ...count, rows: "min", of_endpoint: failing(`"v"`) };
  return { ...count, rows: "sum", expression: failing(`(${expression})`) };
}

/** Counts violations: one per row, or a count column. */
export function violationMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const { columns, kind } = facts;
  if (meaning !== "drc_total" || facts.metrics.length > 0 || columnOf(columns, "slack")) {
    return undefined;
  }
  const object = columnOf(columns, "rule") ??
    (kind === "drc" ? columnOf(columns, "layer") : undefined);
  if (!object && kind !== "drc") return undefined;
  const where = notWaived(facts);
  const [count] = (["violations", "count", "errors"] as const)
    .flatMap((meaning) => columnOf(candidates(facts), meaning) ?? []);
  const base = {
    ...DEFAULTS.drc_total!,
    meaning,
    symbol: null,
    objects: true,
    ...(where && { where }),
    source: { column: (count ?? object)?.name ?? "", metric: null },
  } as const;
  const whole = ofWhole(facts);
  if (count) {
    // A total includes the waived violations of its parts.
    const rows = where && whole
      ? { where: `${where} AND (${whole}) IS NOT TRUE` }
      : whole && { whole };
    const waived = isWaivedCount(facts) && columnOf(columns, "waived");
    const counted = waived
      ? `(${numberOf(count)} - COALESCE(${numberOf(waived)}, 0))`
      : numberOf(count);
    return { ...base, expression: counted, ...rows };
  }
  return object && { ...base, expression: "1" };
}

/** A regex for statuses other than passed. */
const FAILED = "^\\s*(fail|err|time|crash|kill|abort|mismatch|incorrect)";

/** A regression with one row per test. */
export function testMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const { columns } = facts;
  const status = columnOf(columns, "status");
  const test = columnOf(columns, "test") ?? columnOf(columns, "seed");
  const pass = columnOf(columns, "failed");
  if (meaning !== "failing_tests" || !test || !(status ?? pass)) return undefined;
  const failed = status
    ? `pg_catalog.lower(${textOf(status)}) ~ '${FAILED}'`
    : `NOT ${quoteName(pass!.name)}`;
  return {
    ...DEFAULTS.failing_tests!,
    meaning,
    symbol: null,
    objects: true,
    expression: `CASE WHEN ${failed} THEN 1 ELSE 0 END`,
    source: { column: (status ?? pass)!.name, metric: null },
  };
}

/** Checks against a limit, one per row. */
export function failedMeasure({ columns }: TableFacts, meaning: Meaning): Measure | undefined {
  const pass = columnOf(columns, "failed");
  if (meaning !== "failed" || !pass || columnOf(columns, "test")) return undefined;
  const expression = `CASE WHEN ${quoteName(pass.name)} THEN 0 ELSE 1 END`;
  const where = `${quoteName(pass.name)} IS NOT NULL`;
  const source = { column: pass.name, metric: null };
  return { ...DEFAULTS.failed!, meaning: "failed", symbol: null, where, expression, source };
}
