import type { Column } from "./columns.ts";

/**
 * An identifier, always quoted. What Grafana would read as its own (`$name`, `[[name]]`, and brackets
 * and commas inside a macro's argument) is written as an escape, so any column may stand in a macro.
 */
export function quoteName(name: string): string {
  const quoted = name.replaceAll('"', '""');
  if (!/[$[\](),]/.test(name)) return `"${quoted}"`;
  return `U&"${quoted.replaceAll("\\", "\\\\").replace(/[$[\](),]/g, escaped)}"`;
}

/** A text constant, with the same escapes as `quoteName`. */
export function quoteText(text: string): string {
  const quoted = text.replaceAll("'", "''").replaceAll("\\", "\\\\");
  return `U&'${quoted.replace(/[$[\](),]/g, escaped)}'`;
}

function escaped(character: string): string {
  return "\\" + character.charCodeAt(0).toString(16).padStart(4, "0");
}

/**
 * A number as float8, null where it is none: NaN and infinity would spoil every aggregate, and a
 * numeric above 1e308 would end the query with an error.
 */
export function numberOf(column: Column): string {
  if (column.shape === "text") {
    return column.meaning === "runtime" ? clockOf(column) : readText(column);
  }
  return storedNumber(column);
}

function storedNumber({ name, type }: Column): string {
  const column = quoteName(name);
  if (type.startsWith("interval")) return `extract(epoch FROM ${column})::float8`;
  const whole = /^(smallint|integer|bigint)$/.test(type);
  if (whole) return `${column}::float8`;
  return `CASE WHEN pg_catalog.abs(${column}) < 1e300 THEN ${column}::float8 END`;
}

/** A point in time as timestamptz; what has no time zone is UTC, as Grafana reads it. */
export function timeOf({ name, type }: Column): string {
  const column = quoteName(name);
  if (type.endsWith("with time zone")) return column;
  return `(${column}::pg_catalog.timestamp AT TIME ZONE 'UTC')`;
}

/**
 * Any value as a cell of a table: text is cut at 200 characters, which is more than a cell shows, and a
 * time is null where it is infinite, for which Grafana ends the whole query with an error.
 */
export function cellOf(column: Column): string {
  if (column.shape === "number") return numberOf(column);
  if (column.shape === "time") {
    return `CASE WHEN pg_catalog.isfinite(${quoteName(column.name)}) THEN ${timeOf(column)} END`;
  }
  if (column.shape === "boolean") return quoteName(column.name);
  return `pg_catalog.left(${quoteName(column.name)}::pg_catalog.text, 200)`;
}

/** Digits enough for any float8, and an exponent that no cast refuses. */
const NUMBER = String.raw`^\s*[-+]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})([eE][-+]?\d{1,2})?\s*$`;
const CLOCK = String.raw`^\s*\d{1,6}:[0-5]?\d:[0-5]?\d(\.\d{1,12})?\s*$`;

/** Text that is a number as that number, `N/A` and the like as null. */
function readText(column: Column): string {
  const text = textOf(column);
  return `CASE WHEN ${text} ~ '${NUMBER}' THEN (${text})::float8 END`;
}

/** `0:13:42.36` in seconds. */
export function clockOf(column: Column): string {
  const part = (n: number) => `pg_catalog.split_part(${textOf(column)}, ':', ${n})::float8`;
  return `CASE WHEN ${textOf(column)} ~ '${CLOCK}' THEN ${part(1)} * 3600 + ${part(2)} * 60 + ${
    part(3)
  } END`;
}

/** Any column as text. */
export function textOf({ name }: Pick<Column, "name">): string {
  return `${quoteName(name)}::pg_catalog.text`;
}

/** `WHERE …` of what is given, or nothing. */
export function conditions(parts: (string | undefined)[]): string {
  const given = parts.filter((part) => part !== undefined);
  return given.length > 0 ? ` WHERE ${given.join(" AND ")}` : "";
}
