import { type Column, type Meaning, meaningOf, readColumn, unitOf } from "./columns.ts";
import { columnOf, slacksOf, type TableFacts, worstOf } from "./facts.ts";
import { DEFAULTS, type Defaults, defaultsOf, type Measure, unnamed } from "./measure.ts";
import { clockOf, numberOf, quoteName, quoteText, textOf } from "./sql.ts";
import { inUnit, symbolOf, writtenUnit } from "./units.ts";

const TIMES = new Set<Meaning>(["setup_wns", "setup_tns", "hold_wns", "hold_tns", "slack", "skew"]);

/** From here on a column's greatest utilization says that it holds percentages, not ratios. */
const MOST_RATIO = 1.5;

type Scaled = Pick<Measure, "expression" | "unit" | "symbol" | "stated" | "note" | "decimals">;

/** The unit that a column's values stand in, with the SQL of a value in it. */
function scaled(
  facts: TableFacts,
  column: Column,
  meaning: Meaning | undefined,
  value = numberOf(column),
): Scaled {
  const symbol = symbolOf(column);
  if (column.unit) return { unit: column.unit.grafana, symbol, expression: value };
  const time_unit = columnOf(facts.columns, "time_unit");
  if (time_unit && meaning && TIMES.has(meaning)) {
    const target = facts.time_unit ?? "ns";
    return {
      unit: `suffix: ${target}`,
      symbol: target,
      expression: inUnit(value, time_unit, target),
      stated: { unit: textOf(time_unit), expression: value },
      note: `In ${target} by the unit in ${time_unit.name}; rows that state none are left out.`,
    };
  }
  if (meaning === "runtime" && column.shape !== "number") {
    return { unit: "s", symbol: "s", expression: value };
  }
  if (meaning === "utilization") {
    const percent = (facts.greatest[column.name] ?? 0) > MOST_RATIO;
    return percent
      ? { unit: "percent", symbol: null, expression: value }
      : { unit: "none", decimals: 3, symbol: null, expression: value };
  }
  // A name without a unit says nothing of it: only powers and counts have one that all tools share.
  const unit = meaning && !TIMES.has(meaning) ? defaultsOf({ meaning })?.unit ?? "none" : "none";
  return { unit, symbol: null, expression: value };
}

/** Columns that hold values, a text's meaning as if it held numbers. */
function candidates({ columns, empty }: TableFacts): Column[] {
  const filled = columns.filter(({ name }) => !empty.includes(name));
  const numbers = filled.filter(({ shape }) => shape === "number");
  const texts = filled.filter(({ shape }) => shape === "text").map((column) => {
    const unit = unitOf(column.name);
    const said = meaningOf(column.name, "number");
    return { ...column, ...(said && { meaning: said }), ...(unit && { unit }) };
  });
  const spans = filled.filter(({ type, meaning, name }) =>
    type.startsWith("interval") && (meaning ?? meaningOf(name, "number")) === "runtime"
  ).map((column) => ({ ...column, meaning: "runtime" as const }));
  return [...numbers, ...texts, ...spans];
}

function wideMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const defaults = DEFAULTS[meaning];
  if (!defaults) return undefined;
  const filled = candidates(facts);
  const of = (shape: string) =>
    columnOf(filled.filter((column) => column.shape === shape), meaning);
  const column = of("number") ?? of("text") ?? of("other");
  if (!column) return undefined;
  const alike = slacksOf(filled, column).map(({ name }) => name);
  const grouped = meaning.endsWith("tns") && columnOf(facts.columns, "path_group");
  return {
    ...defaults,
    meaning,
    ...(grouped && { rows: "sum" as const }),
    ...(alike.length > 1 &&
      { note: `The worst of ${alike.slice(0, 6).join(", ")}${alike.length > 6 ? ", …" : ""}.` }),
    ...scaled(facts, column, meaning, worstOf(filled, column)),
  };
}

/** The numbers of a long table (metric, value, unit), read by the metric's name. */
export function longMeasures(facts: TableFacts): Measure[] {
  const metric = columnOf(facts.columns, "metric");
  const value = columnOf(facts.columns, "value") ??
    columnOf(candidates(facts).filter(({ shape }) => shape === "text"), "value");
  if (!metric || !value) return [];
  const unit = columnOf(facts.columns, "unit");
  return facts.metrics.map((found) => {
    const { meaning, unit: own } = readColumn(found.name, "double precision");
    const defaults = meaning && DEFAULTS[meaning];
    const said = found.unit ? unitOf(`in ${found.unit}`) : own ?? value.unit;
    const column: Column = { ...value, ...(said && { unit: said }) };
    const clock = meaning === "runtime" && value.shape === "text";
    return {
      ...defaults ?? unnamed(found.name),
      title: defaults?.title ?? found.name,
      ...(meaning && { meaning }),
      ...scaled(facts, column, meaning),
      ...(unit && found.unit && !clock && {
        symbol: writtenUnit(found.unit),
        stated: { unit: textOf(unit), expression: numberOf(value) },
      }),
      ...(clock && { unit: "s", symbol: "s", expression: clockOf(value) }),
      where: `${textOf(metric)} = ${quoteText(found.name)}`,
    };
  });
}

/** A long table's metric of a meaning; of several that of the latest stage. */
function longMeasure(facts: TableFacts, long: Measure[], meaning: Meaning): Measure | undefined {
  const named = facts.metrics.map(({ name }) => readColumn(name, "double precision"));
  const chosen = columnOf(named, meaning);
  return chosen && long[named.indexOf(chosen)];
}

/** What tools call a path whose hold is checked: OpenSTA, PrimeTime (its delay type has an edge), Tempus. */
export const HOLD = ["min", "hold", "early", "min_rise", "min_fall", "min_delay"];

/** The numbers of a table of paths: one row a path, its slack in a column. */
function pathMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const slack = columnOf(candidates(facts), "slack");
  const defaults = DEFAULTS[meaning];
  if (!slack || !defaults || facts.metrics.length > 0) return undefined;
  const type = columnOf(facts.columns, "path_type");
  const hold = meaning.startsWith("hold");
  const types = facts.values.path_type ?? [];
  // Only where there are such paths: a panel that stays empty says nothing.
  if (hold && !types.some((type) => HOLD.includes(type.toLowerCase()))) return undefined;
  const kind = type && `pg_catalog.lower(${textOf(type)})`;
  const early = `(${HOLD.map(quoteText).join(", ")})`;
  const where = kind &&
    (hold ? `${kind} IN ${early}` : `(${kind} IS NULL OR ${kind} NOT IN ${early})`);
  const base: Measure = {
    ...defaults,
    meaning,
    objects: true,
    ...scaled(facts, slack, "slack"),
    ...(where && { where }),
  };
  const end = columnOf(facts.columns, "endpoint");
  if (!meaning.endsWith("wns") && !end && !columnOf(facts.columns, "startpoint")) return undefined;
  return ofPaths(base, meaning, end);
}

function ofPaths(base: Measure, meaning: Meaning, end: Column | undefined): Measure | undefined {
  if (meaning.endsWith("wns")) return { ...base, rows: "min" };
  if (meaning.endsWith("tns") && end) {
    const note = "Sum over the listed endpoints of each one's worst slack below 0.";
    return { ...base, rows: "min", of_endpoint: `LEAST("v", 0)`, note };
  }
  if (!meaning.endsWith("_violations")) return undefined;
  const title = meaning.startsWith("hold") ? "Violating hold paths" : "Violating paths";
  const count = { ...base, title, unit: "locale", symbol: null };
  const failing = (value: string) => `CASE WHEN ${value} < 0 THEN 1 WHEN ${value} >= 0 THEN 0 END`;
  if (end) return { ...count, rows: "min", of_endpoint: failing(`"v"`) };
  const { stated: _, ...counted } = count;
  return { ...counted, rows: "sum", expression: failing(`(${base.expression})`) };
}

/** A table of violations counts itself: one row each, or a count in a column. */
function violationMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const { columns, kind } = facts;
  const rule = columnOf(columns, "rule");
  const object = rule ?? (kind === "drc" ? columnOf(columns, "layer") : undefined);
  if (meaning !== "drc_total" || !object && kind !== "drc" || facts.metrics.length > 0) {
    return undefined;
  }
  const base = { ...DEFAULTS.drc_total!, meaning, symbol: null, objects: true } as const;
  const count = columnOf(columns, "violations") ?? columnOf(columns, "count");
  if (count) return { ...base, expression: numberOf(count) };
  return object && { ...base, title: "DRC violations", expression: "1" };
}

/** Checks against a limit, each row one: how many did not pass. */
function failedMeasure({ columns }: TableFacts): Measure | undefined {
  const pass = columnOf(columns, "failed");
  if (!pass) return undefined;
  const expression = `CASE WHEN ${quoteName(pass.name)} THEN 0 ELSE 1 END`;
  const where = `${quoteName(pass.name)} IS NOT NULL`;
  return { ...DEFAULTS.failed!, meaning: "failed", symbol: null, where, expression };
}

/** The measures of these meanings that the table has, in this order, each meaning once. */
export function measuresOf(facts: TableFacts, meanings: readonly Meaning[]): Measure[] {
  const long = longMeasures(facts);
  return meanings.flatMap((meaning) =>
    wideMeasure(facts, meaning) ?? longMeasure(facts, long, meaning) ??
      (meaning === "failed" ? failedMeasure(facts) : undefined) ??
      pathMeasure(facts, meaning) ?? violationMeasure(facts, meaning) ?? []
  );
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
  };
}

/** A column's value as a table's cells show it: the unit and SQL that its measure would have. */
export function cellMeasure(facts: TableFacts, column: Column): Scaled & { defaults?: Defaults } {
  const defaults = defaultsOf(column);
  return { ...scaled(facts, column, column.meaning), ...(defaults && { defaults }) };
}
