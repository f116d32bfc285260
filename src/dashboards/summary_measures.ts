import { type Column, type Meaning, meaningOf, readColumn, unitOf } from "../boards/columns.ts";
import { columnOf, type TableFacts, worstOf } from "../boards/facts.ts";
import { HOLD } from "../boards/measures.ts";
import { quoteName, quoteText } from "../boards/sql.ts";
import type { NumberName } from "./summary_number.ts";

export type Aggregate = "min" | "max" | "sum";

/** Where one of the numbers may stand in a table. The SQL speaks of one row. */
export type Measure = {
  name: NumberName;
  /** float8, null where the row has none. */
  value: string;
  /** How rows of one run and part become one value, and how its parts do. */
  within: Aggregate;
  across: Aggregate;
  /** Each row is an object of its own (a path, a violation): many of them are one run. */
  objects?: true;
  /** The unit, or the SQL of the text that states it. */
  unit: string | null;
  unit_of?: string;
};

type Facts = Pick<TableFacts, "columns" | "kind" | "empty">;
/** One metric of a long table, by its name. */
export type Metric = string;

/** How people write units; others stand as the name has them. */
const WRITTEN: Record<string, string> = {
  um2: "µm²",
  mm2: "mm²",
  um: "µm",
  w: "W",
  mw: "mW",
  uw: "µW",
  nw: "nW",
  pct: "%",
  percent: "%",
  sec: "s",
  secs: "s",
  seconds: "s",
  mins: "min",
  minutes: "min",
  hours: "h",
  us: "µs",
};

/** A unit as a table's own column states it: `1ps`, `um^2`, `%`. At most 20 characters. */
export function writtenUnit(text: string | null): string | null {
  const stated = (text ?? "").trim().replace(/^1(?=\s*\p{L})/u, "").trim();
  if (stated === "") return null;
  const symbol = unitOf(`in ${stated}`)?.symbol;
  return symbol ? WRITTEN[symbol] ?? symbol : [...stated].slice(0, 20).join("");
}

const unitIn = ({ unit }: Column) => unit ? WRITTEN[unit.symbol] ?? unit.symbol : null;

/** Digits enough for any float8, and an exponent that no cast refuses. */
const NUMBER = String.raw`^\s*[-+]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})([eE][-+]?\d{1,2})?\s*$`;
const CLOCK = String.raw`^\s*\d{1,6}:[0-5]?\d:[0-5]?\d(\.\d{1,12})?\s*$`;

/** Text that is a number as that number, `N/A` and the like as null. */
function readText(column: Column): string {
  const text = `${quoteName(column.name)}::pg_catalog.text`;
  return `CASE WHEN ${text} ~ '${NUMBER}' THEN (${text})::float8 END`;
}

/** `0:13:42.36` in seconds. */
function readClock({ name }: Column): string {
  const part = (n: number) =>
    `pg_catalog.split_part(${quoteName(name)}::pg_catalog.text, ':', ${n})::float8`;
  return `CASE WHEN ${quoteName(name)}::pg_catalog.text ~ '${CLOCK}' ` +
    `THEN ${part(1)} * 3600 + ${part(2)} * 60 + ${part(3)} END`;
}

type Read = { column: Column; value: string; unit: string | null };

function readValue(columns: Column[], column: Column, meaning: Meaning): Read {
  const unit = unitIn(column);
  if (column.shape === "number") return { column, value: worstOf(columns, column), unit };
  if (column.type.startsWith("interval")) {
    return {
      column,
      value: `extract(epoch FROM ${quoteName(column.name)})::float8`,
      unit: "s",
    };
  }
  if (meaning === "runtime" && !unit) return { column, value: readClock(column), unit: "s" };
  return { column, value: readText(column), unit };
}

/** The column of a meaning that holds numbers, then the one that holds them as text. */
function read(facts: Facts, meaning: Meaning): Read[] {
  const filled = facts.columns.filter(({ name }) => !facts.empty.includes(name));
  const texts = filled.filter(({ shape }) => shape === "text").concat(
    meaning === "runtime" ? filled.filter(({ type }) => type.startsWith("interval")) : [],
  ).map((column) => {
    const unit = unitOf(column.name);
    const said = meaningOf(column.name, "number");
    return { ...column, ...(said && { meaning: said }), ...(unit && { unit }) };
  });
  const numbers = filled.filter(({ shape }) => shape === "number");
  return [columnOf(numbers, meaning), columnOf(texts, meaning)]
    .filter((column) => column !== undefined).map((column) => readValue(filled, column, meaning));
}

/** Which meanings may stand for a number, the plainest first, and how several rows become one. */
const SOURCES: Record<NumberName, { meanings: Meaning[]; within: Aggregate }> = {
  setup_wns: { meanings: ["setup_wns"], within: "min" },
  setup_tns: { meanings: ["setup_tns"], within: "min" },
  hold_wns: { meanings: ["hold_wns"], within: "min" },
  violations: { meanings: ["violations", "setup_violations", "hold_violations"], within: "sum" },
  drc_total: { meanings: ["drc_total"], within: "sum" },
  area: { meanings: ["area"], within: "max" },
  utilization: { meanings: ["utilization"], within: "max" },
  power: { meanings: ["power"], within: "max" },
  runtime: { meanings: ["runtime"], within: "sum" },
};
const SLACKS = new Set<NumberName>(["setup_wns", "setup_tns", "hold_wns"]);
const textOf = ({ name }: Column) => `${quoteName(name)}::pg_catalog.text`;

function wide(facts: Facts): Measure[] {
  const grouped = columnOf(facts.columns, "path_group");
  const time_unit = columnOf(facts.columns, "time_unit");
  return Object.entries(SOURCES).flatMap(([key, { meanings, within }]) => {
    const name = key as NumberName;
    return meanings.flatMap((meaning) => read(facts, meaning)).map(({ value, unit }) => ({
      name,
      value,
      // What path groups add up to is the design's; of corners the worst is.
      within: name === "setup_tns" && grouped ? "sum" as const : within,
      across: within,
      unit,
      ...(SLACKS.has(name) && !unit && time_unit && { unit_of: textOf(time_unit) }),
    }));
  });
}

/** The numbers of a long table: rows of a metric, chosen by what its name means. */
function long(facts: Facts, metrics: Metric[]): Measure[] {
  const metric = columnOf(facts.columns, "metric");
  if (!metric) return [];
  const named = metrics.map((name) => readColumn(name, "double precision"));
  const unit = columnOf(facts.columns, "unit");
  return Object.entries(SOURCES).flatMap(([name, { meanings, within }]) =>
    meanings.flatMap((meaning) => {
      const found = columnOf(named, meaning);
      if (!found) return [];
      return read(facts, "value").flatMap(({ column, value, unit: in_name }) => {
        const own = unitIn(found) ?? in_name;
        const clock = name === "runtime" && column.shape === "text";
        const readings = [{ value, unit: own }, { value: readClock(column), unit: "s" }];
        return readings.slice(0, clock ? 2 : 1).map((reading, i) => ({
          name: name as NumberName,
          value: `CASE WHEN ${textOf(metric)} = ${quoteText(found.name)} THEN ${reading.value} END`,
          within,
          across: within,
          unit: reading.unit,
          ...(unit && i === 0 && { unit_of: textOf(unit) }),
        }));
      });
    })
  );
}

/** The numbers of a table of paths, one row each. */
function paths(facts: Facts): Measure[] {
  const [slack] = read(facts, "slack");
  if (!slack) return [];
  const { value, unit } = slack;
  const type = columnOf(facts.columns, "path_type");
  const held = type && `pg_catalog.lower(${textOf(type)}) IN (${HOLD.map(quoteText).join(", ")})`;
  const setup = held ? `CASE WHEN ${held} THEN NULL ELSE ${value} END` : value;
  const hold = held && `CASE WHEN ${held} THEN ${value} END`;
  const unit_column = columnOf(facts.columns, "time_unit") ?? columnOf(facts.columns, "unit");
  const base = {
    unit,
    objects: true as const,
    ...(!unit && unit_column && { unit_of: textOf(unit_column) }),
  };
  const found: Measure[] = [
    { ...base, name: "setup_wns", value: setup, within: "min", across: "min" },
  ];
  if (hold) found.push({ ...base, name: "hold_wns", value: hold, within: "min", across: "min" });
  const end = columnOf(facts.columns, "endpoint");
  if (!end && !columnOf(facts.columns, "startpoint")) return found;
  // An endpoint counts once, by its worst path; without endpoints each path counts.
  const within = end ? "min" : "sum";
  const negative = `LEAST(${setup}, 0::float8)`;
  const late = `CASE WHEN (${value}) < 0 THEN 1::float8 WHEN (${value}) >= 0 THEN 0 END`;
  found.push(
    { ...base, name: "setup_tns", value: negative, within, across: "sum" },
    {
      name: "violations",
      value: late,
      within: "sum",
      across: "sum",
      objects: true,
      unit: null,
    },
  );
  return found;
}

/** A table of rule violations counts itself: one row each, or a count in a column. */
function violations(facts: Facts): Measure[] {
  const { columns, kind } = facts;
  const rule = columnOf(columns, "rule");
  const object = rule ?? (kind === "drc" ? columnOf(columns, "layer") : undefined);
  if (!object && kind !== "drc") return [];
  const base = { within: "sum", across: "sum", objects: true, unit: null } as const;
  const counts = [...read(facts, "violations"), ...read(facts, "count")]
    .filter(({ column }) => column.shape === "number");
  if (counts[0]) return [{ ...base, name: "drc_total", value: counts[0].value }];
  return object ? [{ ...base, name: "drc_total", value: "1::float8" }] : [];
}

/**
 * Every place where the numbers may stand, of each name the likeliest first: a column of its own, a
 * metric of a long table, rows that are to be counted. `metrics`: the names that a long table has.
 */
export function measuresOf(facts: Facts, metrics: Metric[]): Measure[] {
  if (metrics.length > 0) return long(facts, metrics);
  const own = wide(facts);
  const slacks = paths(facts);
  const has = (name: NumberName) => own.some((measure) => measure.name === name);
  const objects = facts.kind === "drc" ? !has("drc_total") : own.length === 0;
  const counted = objects && slacks.length === 0 ? violations(facts) : [];
  return [...own, ...slacks, ...counted];
}
