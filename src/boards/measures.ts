import { type Column, type Meaning, meaningOf, type Unit, unitOf } from "./columns.ts";
import { columnOf, slacksOf, type TableFacts, worstOf } from "./facts.ts";
import { numberOf, quoteName, quoteText } from "./sql.ts";

/** How several rows of one run, or several designs of one run, become one number. */
export type Aggregate = "min" | "max" | "sum";

/** A number that people follow from run to run, whatever the table's shape. */
export type Measure = {
  meaning?: Meaning;
  title: string;
  /** Grafana's unit id. */
  unit: string;
  decimals?: number;
  /** The number of one row, as SQL. */
  expression: string;
  /** Which rows count, as SQL. */
  where?: string;
  /** Rows of one run that must first become one: the worst path of each endpoint. */
  per?: Column;
  /** Of a run's iterations only this one counts. */
  iteration?: { column: Column; which: "first" | "last" };
  within: Aggregate;
  across: Aggregate;
  /** Where red ends: slack is good from 0 up, a count of violations at 0. */
  good?: "from 0" | "at 0";
  /** Never negative and of any size: designs of different sizes are read on a logarithmic axis. */
  any_size?: boolean;
  /** What a reader should know of the number. */
  note?: string;
};

type Habit = Pick<Measure, "decimals" | "within" | "across" | "good" | "any_size"> & {
  title: string;
  unit: string;
};

const SLACK = { unit: "suffix: ns", within: "min", across: "min", good: "from 0" } as const;
const COUNT = { unit: "locale", decimals: 0, within: "max" } as const;
const SIZE = { within: "max", across: "max", any_size: true } as const;

/** How each known number is shown where its column's name does not state another unit. */
const HABITS: Partial<Record<Meaning, Habit>> = {
  setup_wns: { ...SLACK, title: "Setup WNS", decimals: 3 },
  setup_tns: { ...SLACK, title: "Setup TNS", decimals: 2 },
  setup_violations: { ...COUNT, title: "Setup violations", across: "sum", good: "at 0" },
  hold_wns: { ...SLACK, title: "Hold WNS", decimals: 3 },
  hold_tns: { ...SLACK, title: "Hold TNS", decimals: 2 },
  hold_violations: { ...COUNT, title: "Hold violations", across: "sum", good: "at 0" },
  violations: { ...COUNT, title: "Violations", within: "sum", across: "sum", good: "at 0" },
  drc_total: { ...COUNT, title: "DRC errors", within: "sum", across: "sum", good: "at 0" },
  antenna: { ...COUNT, title: "Antenna violations", across: "sum", good: "at 0" },
  slew_violations: { ...COUNT, title: "Max slew violations", across: "sum", good: "at 0" },
  cap_violations: { ...COUNT, title: "Max cap violations", across: "sum", good: "at 0" },
  area: { ...SIZE, title: "Area", unit: "suffix: µm²" },
  utilization: { title: "Utilization", unit: "percent", decimals: 1, within: "max", across: "max" },
  power: { ...SIZE, title: "Power", unit: "watt" },
  leakage: { ...SIZE, title: "Leakage power", unit: "watt" },
  wirelength: { ...SIZE, title: "Wirelength", unit: "suffix: µm" },
  cells: { ...COUNT, ...SIZE, title: "Cells" },
  vias: { ...COUNT, ...SIZE, title: "Vias" },
  skew: { title: "Clock skew", unit: "suffix: ns", decimals: 3, within: "max", across: "max" },
  frequency: { title: "Fmax", unit: "suffix: MHz", within: "min", across: "min" },
  ir_drop: { title: "IR drop", unit: "volt", decimals: 3, within: "max", across: "max" },
  runtime: { ...SIZE, title: "Runtime", unit: "s", within: "sum" },
  memory: { ...SIZE, title: "Peak memory", unit: "short" },
};

const TIMES = new Set<Meaning>(["setup_wns", "setup_tns", "hold_wns", "hold_tns", "slack", "skew"]);

/** Nanoseconds in one unit of time, as tools spell it beside a value (`1ps`). */
const NANOSECONDS = { "1fs": 1e-6, "1ps": 1e-3, "10ps": 1e-2, "100ps": 0.1, "1ns": 1, "1us": 1e3 };

/** Times whose unit stands in a column of the row, brought to ns; where it does not stand, null. */
function nanoseconds(value: string, unit: Column): string {
  const said = `pg_catalog.lower(pg_catalog.replace(${quoteName(unit.name)}::text, ' ', ''))`;
  const cases = Object.entries(NANOSECONDS).map(([name, factor]) =>
    `WHEN ${said} IN ('${name}', '${
      name.replace(/^1(?=[a-z])/, "")
    }') THEN (${value}) * ${factor}::float8`
  );
  return `CASE ${cases.join(" ")} END`;
}

/** The unit that a value stands in: the name's own, else a habit; with the SQL that brings it there. */
function scaled(
  facts: TableFacts,
  column: Column,
  meaning: Meaning | undefined,
  habit?: Habit,
  value = numberOf(column),
) {
  if (column.unit) return { unit: column.unit.grafana, expression: value };
  const time_unit = columnOf(facts.columns, "time_unit");
  if (time_unit && meaning && TIMES.has(meaning)) {
    return {
      unit: "suffix: ns",
      expression: nanoseconds(value, time_unit),
      note: `In ns by the unit in ${time_unit.name}; rows that state none are left out.`,
    };
  }
  if (meaning === "utilization") {
    return {
      unit: "percent",
      expression: `(${value}) * CASE WHEN ${value} <= 1.5 THEN 100 ELSE 1 END`,
      note: "Tools write a ratio or a percentage: up to 1.5 is read as a ratio.",
    };
  }
  // A name without a unit says nothing of it: only powers and counts have one that all tools share.
  const stated = meaning && TIMES.has(meaning) ? "none" : habit?.unit ?? "none";
  return { unit: stated, expression: value };
}

/** What a run came to, where the table has a row for each of its iterations. */
function lastIteration({ columns }: TableFacts): Pick<Measure, "iteration"> {
  const column = columnOf(columns, "iteration");
  return column ? { iteration: { column, which: "last" } } : {};
}

function wideMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const habit = HABITS[meaning];
  const filled = facts.columns.filter(({ name }) => !facts.empty.includes(name));
  const column = columnOf(filled, meaning);
  if (!habit || column?.shape !== "number") return undefined;
  const alike = slacksOf(filled, column).map(({ name }) => name);
  return {
    ...habit,
    meaning,
    ...(alike.length > 1 &&
      { note: `The worst of ${alike.slice(0, 6).join(", ")}${alike.length > 6 ? ", …" : ""}.` }),
    ...scaled(facts, column, meaning, habit, worstOf(filled, column)),
    ...lastIteration(facts),
  };
}

/** The numbers of a long table (metric, value, unit), read by the metric's name. */
export function longMeasures(facts: TableFacts): Measure[] {
  const [metric, value] = [columnOf(facts.columns, "metric"), columnOf(facts.columns, "value")];
  if (!metric || !value) return [];
  return facts.metrics.map(({ name, unit }) => {
    const meaning = meaningOf(name, "number");
    const habit = meaning && HABITS[meaning];
    const said: Unit | undefined = unit ? unitOf(`in ${unit}`) : unitOf(name);
    const column = { ...value, ...(said && { unit: said }) };
    return {
      within: "max",
      across: "max",
      ...habit,
      ...(meaning && { meaning }),
      title: habit?.title ?? name,
      ...scaled(facts, column, meaning, habit),
      where: `${quoteName(metric.name)} = ${quoteText(name)}`,
    };
  });
}

/** What tools call a path whose hold is checked: OpenSTA, PrimeTime (its delay type has an edge), Tempus. */
export const HOLD = ["min", "hold", "early", "min_rise", "min_fall", "min_delay"];

/** The numbers of a table of paths: one row a path, its slack in a column. */
function pathMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const slack = columnOf(facts.columns, "slack");
  const habit = HABITS[meaning];
  if (!slack || !habit || meaning === "violations") return undefined;
  const type = columnOf(facts.columns, "path_type");
  const hold = meaning.startsWith("hold");
  const types = facts.values.path_type ?? [];
  // Only where there are such paths: a panel that stays empty says nothing.
  if (hold && !types.some((type) => HOLD.includes(type.toLowerCase()))) return undefined;
  const kind = type && `pg_catalog.lower(${quoteName(type.name)}::text)`;
  const early = `(${HOLD.map(quoteText).join(", ")})`;
  const where = kind &&
    (hold ? `${kind} IN ${early}` : `(${kind} IS NULL OR ${kind} NOT IN ${early})`);
  const { unit, expression, note } = scaled(facts, slack, "slack", habit);
  const base = { ...habit, meaning, unit, expression, ...(where && { where }) };
  const end = columnOf(facts.columns, "endpoint");
  if (meaning.endsWith("wns")) return { ...base, ...(note && { note }) };
  if (meaning.endsWith("tns") && end) {
    const total = "Sum over the listed endpoints of each one's worst slack below 0.";
    return { ...base, per: end, within: "sum", expression: `LEAST(${expression}, 0)`, note: total };
  }
  if (!meaning.endsWith("violations")) return undefined;
  const violated = `CASE WHEN (${expression}) < 0 THEN 1 WHEN (${expression}) >= 0 THEN 0 END`;
  const title = hold ? "Violating hold paths" : "Violating paths";
  return { ...base, title, unit: "locale", within: "sum", expression: violated };
}

/** A table of violations counts itself: one row each, or a count in a column. */
function violationMeasure(facts: TableFacts, meaning: Meaning): Measure | undefined {
  const per_object = columnOf(facts.columns, "rule") ?? columnOf(facts.columns, "layer");
  if (meaning !== "drc_total" || facts.kind !== "drc" || facts.metrics.length > 0) return undefined;
  const habit = HABITS.drc_total!;
  const count = columnOf(facts.columns, "violations") ?? columnOf(facts.columns, "count");
  const base = { ...habit, meaning, ...lastIteration(facts) };
  if (count) return { ...base, expression: numberOf(count) };
  return per_object && { ...base, title: "DRC violations", expression: "1" };
}

/** Checks against a limit, each row one: how many did not pass. */
function failedMeasure({ columns }: TableFacts): Measure | undefined {
  const pass = columnOf(columns, "failed");
  if (!pass) return undefined;
  const habit = { ...COUNT, title: "Failed checks", across: "sum", good: "at 0" } as const;
  const expression = `CASE WHEN ${quoteName(pass.name)} THEN 0 ELSE 1 END`;
  return { ...habit, within: "sum", where: `${quoteName(pass.name)} IS NOT NULL`, expression };
}

/** The measures of these meanings that the table has, in this order, each meaning once. */
export function measuresOf(facts: TableFacts, meanings: Meaning[]): Measure[] {
  const long = longMeasures(facts);
  return meanings.flatMap((meaning) =>
    wideMeasure(facts, meaning) ??
      long.find((measure) => measure.meaning === meaning) ??
      (meaning === "failed" ? failedMeasure(facts) : undefined) ??
      (facts.kind === "drc"
        ? violationMeasure(facts, meaning)
        : facts.kind === "timing"
        ? pathMeasure(facts, meaning)
        : undefined) ??
      []
  );
}

/** How a run came to its last count: what its first iteration left, and how many it took. */
export function iterationMeasures(total: Measure): Measure[] {
  const { iteration, ...every } = total;
  if (!iteration) return [];
  const { column } = iteration;
  const first: Measure = {
    ...every,
    title: "After the first iteration",
    iteration: { column, which: "first" },
    any_size: true,
  };
  delete first.good;
  const most: Measure = {
    title: "Last iteration",
    unit: "locale",
    decimals: 0,
    expression: numberOf(column),
    within: "max",
    across: "max",
  };
  return [first, most];
}

/** A number column that no word explains: shown as it is, under its own name. */
export function plainMeasure(column: Column): Measure {
  return {
    title: column.name,
    unit: column.unit?.grafana ?? "none",
    expression: numberOf(column),
    within: "max",
    across: "max",
  };
}

/** The unit, decimals and threshold of a column as a table shows it. */
export function habitOf(column: Pick<Column, "meaning">): Habit | undefined {
  return column.meaning &&
    (column.meaning === "slack"
      ? { ...SLACK, title: "Slack", decimals: 3 }
      : HABITS[column.meaning]);
}

/** A column's value as the table's cells show it: the unit and SQL that its measure would have. */
export function cellMeasure(facts: TableFacts, column: Column) {
  return scaled(facts, column, column.meaning, habitOf(column));
}
