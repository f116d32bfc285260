import {
  CLOCK,
  COMMA_NUMBER,
  COMMA_PART,
  EPOCHS,
  LETTERS,
  MINUTES,
  MONTHS,
  NUMBER,
  NUMBER_PART,
  ORDERS,
  SPELLED,
  TIMES,
  UNIT_PART,
} from "./names/cells.ts";
import type { Column } from "./columns.ts";

/** A quoted identifier. Characters that Grafana would interpolate ($, brackets, commas) are escaped. */
export function quoteName(name: string): string {
  const quoted = name.replaceAll('"', '""');
  if (!/[$[\](),]/.test(name)) return `"${quoted}"`;
  return `U&"${quoted.replaceAll("\\", "\\\\").replace(/[$[\](),]/g, escaped)}"`;
}

/** A text constant, escaped as in `quoteName`. */
export function quoteText(text: string): string {
  const quoted = text.replaceAll("'", "''").replaceAll("\\", "\\\\");
  return `U&'${quoted.replace(/[$[\](),]/g, escaped)}'`;
}

function escaped(character: string): string {
  return "\\" + character.charCodeAt(0).toString(16).padStart(4, "0");
}

/** SQL: the value as float8. NULL for NaN, infinity and values above 1e300, which would break aggregates. */
export function numberOf(column: Column): string {
  if (column.spelled) return `COALESCE(${column.spelled.map(numberOf).join(", ")})`;
  if (column.sum) return `(${column.sum.map(numberOf).join(" + ")})`;
  if (column.form === "duration") return durationOf(column);
  if (column.shape === "text" || column.form === "number" || column.form === "comma") {
    return column.meaning === "runtime" && !column.form ? durationOf(column) : readText(column);
  }
  const name = quoteName(column.name);
  if (column.type.startsWith("interval")) return `extract(epoch FROM ${name})::float8`;
  if (/^(smallint|integer|bigint)$/.test(column.type)) return `${name}::float8`;
  return `CASE WHEN pg_catalog.abs(${name}) < 1e300 THEN ${name}::float8 END`;
}

/** SQL: the value as timestamptz; without a zone it is UTC, as in Grafana. */
export function timeOf(column: Column): string {
  const { name, type, form } = column;
  const epoch = form && EPOCHS[form];
  if (epoch) return `pg_catalog.to_timestamp(${quoteName(name)}::float8 * ${epoch})`;
  if (form && TIMES[form]) return writtenTime(column, TIMES[form], ORDERS[form]!);
  if (type.endsWith("with time zone")) return quoteName(name);
  return `(${quoteName(name)}::pg_catalog.timestamp AT TIME ZONE 'UTC')`;
}

/** Does not cast: an invalid day (31 June) rolls over instead of failing the query. */
function writtenTime(column: Column, pattern: string, order: [number, number, number]): string {
  const text = textOf(column);
  const part = (n: number) => `(pg_catalog.regexp_match(${text}, ${regex(pattern)}))[${n}]`;
  const [year, named, day] = order.map(part);
  const month = SPELLED.includes(column.form)
    ? `((pg_catalog.strpos('${MONTHS}', pg_catalog.lower(${named})) + 2) / 3)`
    : named;
  const at = column.form === "ctime" ? 3 : 4;
  const hour = `(COALESCE(${part(at)}::int, 0) + CASE pg_catalog.lower(${part(at + 3)}) ` +
    `WHEN 'p' THEN CASE WHEN ${part(at)}::int < 12 THEN 12 ELSE 0 END ` +
    `WHEN 'a' THEN CASE WHEN ${part(at)}::int = 12 THEN -12 ELSE 0 END ELSE 0 END)`;
  const full = column.form === "short" ? `('20' || ${year})` : year;
  const offset = column.form === "ymd"
    ? ` - COALESCE((pg_catalog.substring(${text}, ${
      regex(String.raw`:\d{2}(?:\.\d+)?\s*([-+]\d{2}):?(?:\d{2})?$`)
    }) || ' hours')::interval, interval '0')`
    : "";
  return `CASE WHEN ${text} ~ ${regex(pattern)} THEN (pg_catalog.make_timestamp(${full}::int, ` +
    `GREATEST(LEAST(${month}::int, 12), 1), 1, 0, 0, 0) + pg_catalog.make_interval(days => ${day}::int - 1, ` +
    `hours => ${hour}, mins => COALESCE(${part(at + 1)}::int, 0), ` +
    `secs => COALESCE(${part(at + 2)}::float8, 0))${offset}) AT TIME ZONE 'UTC' END`;
}

/** SQL: the value as a table cell. Text is cut at 200 characters; Grafana fails on infinite times. */
export function cellOf(column: Column): string {
  if (column.shape === "number") return numberOf(column);
  if (column.shape === "time") {
    if (column.form) return timeOf(column);
    return `CASE WHEN pg_catalog.isfinite(${quoteName(column.name)}) THEN ${timeOf(column)} END`;
  }
  if (column.shape === "boolean") return quoteName(column.name);
  return `pg_catalog.left(${quoteName(column.name)}::pg_catalog.text, 200)`;
}

const regex = (pattern: string) => quoteText(pattern);

function readText(column: Column): string {
  const text = textOf(column);
  const isComma = column.form === "comma";
  const [whole, part] = isComma ? [COMMA_NUMBER, COMMA_PART] : [NUMBER, NUMBER_PART];
  const digits = `pg_catalog.substring(${text}, ${regex(part)})`;
  const plain = isComma
    ? `pg_catalog.translate(${digits}, U&',. \\00a0\\202f', '.')`
    : `pg_catalog.translate(${digits}, U&',''\\2019', '')`;
  return `CASE WHEN ${text} ~ ${regex(whole)} THEN ${plain}::float8 END`;
}

/** SQL: the unit that a row's number is stated in; NULL for a cell or name without one. */
export function rowUnit(column: Column): string {
  if (column.spelled) return spelledUnit(column.spelled);
  return `pg_catalog.substring(${textOf(column)}, ${regex(UNIT_PART)})`;
}

function spelledUnit(spelled: Column[]): string {
  const cases = spelled.map((one) =>
    `WHEN ${numberOf(one)} IS NOT NULL THEN ${one.unit ? quoteText(one.unit.symbol) : "NULL"}`
  );
  return `CASE ${cases.join(" ")} END`;
}

/** SQL: `0:13:42.36`, `0h7m9s0ms`, `2 days 03:04:05` or `07:30` in seconds. */
export function durationOf(column: Column): string {
  const text = textOf(column);
  const parts = (pattern: string, seconds: number[]) =>
    `WHEN ${text} ~ ${regex(pattern)} THEN ` +
    seconds.map((size, i) =>
      `COALESCE((pg_catalog.regexp_match(${text}, ${regex(pattern)}))[${
        i + 1
      }]::float8, 0) * ${size}`
    ).join(" + ");
  const named = [["(?:d|days?)", 86_400], ["h(?:rs?|ours?)?", 3600], [
    "m(?!s)(?:ins?|inutes?)?",
    60,
  ], [
    "s(?:ecs?|econds?)?",
    1,
  ], ["ms", 0.001]] as const;
  const letters = named.map(([unit, size]) =>
    `COALESCE(pg_catalog.substring(${text}, ${
      regex(String.raw`(\d+(?:\.\d+)?)\s*${unit}(?![a-z])`)
    })::float8, 0) * ${size}`
  ).join(" + ");
  return `CASE ${parts(CLOCK, [86_400, 3600, 60, 1])} ${parts(MINUTES, [60, 1])} ` +
    `WHEN ${text} ~ ${regex(LETTERS)} THEN ${letters} END`;
}

export function textOf({ name }: Pick<Column, "name">): string {
  return `${quoteName(name)}::pg_catalog.text`;
}

export function conditions(parts: (string | undefined)[]): string {
  const given = parts.filter((part) => part !== undefined);
  return given.length > 0 ? ` WHERE ${given.join(" AND ")}` : "";
}
