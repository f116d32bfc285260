import { quoteName, quoteText } from "../measures/sql.ts";

/** A part of SQL: code, or a string or comment. */
export type Part = { kind: "code" | "text" | "name" | "comment" | "open"; sql: string };
/** The names that a template may use. */
export type Named = { table: string; schema: string };

const OPENING =
  /--[^\n]*|\/\*|(?<![\w$])[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$])\$(?<tag>[A-Za-z]\w*)?\$|['"]/g;

/** The end of the comment that begins at `at`; PostgreSQL's comments nest. */
function commentEnd(sql: string, at: number): number {
  let depth = 0;
  for (const { 0: mark, index } of sql.slice(at).matchAll(/\/\*|\*\//g)) {
    depth += mark === "/*" ? 1 : -1;
    if (depth === 0) return at + index + 2;
  }
  return -1;
}

export function partsOf(sql: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < sql.length) {
    OPENING.lastIndex = at;
    const match = OPENING.exec(sql);
    if (!match) break;
    const [found] = match;
    if (match.index > at) parts.push({ kind: "code", sql: sql.slice(at, match.index) });
    const [kind, end] = extentOf(sql, match.index, found);
    at = end < 0 ? sql.length : end;
    parts.push({ kind: end < 0 ? "open" : kind, sql: sql.slice(match.index, at) });
  }
  if (at < sql.length) parts.push({ kind: "code", sql: sql.slice(at) });
  return parts;
}

function extentOf(sql: string, from: number, found: string): [Part["kind"], number] {
  if (found === "/*") return ["comment", commentEnd(sql, from)];
  if (found.startsWith("--")) return ["comment", from + found.length];
  if (found.startsWith("$")) {
    const end = sql.indexOf(found, from + found.length);
    // Without an end these are two Grafana variables: $design$run.
    return end < 0 ? ["code", from + found.length] : ["text", end + found.length];
  }
  if (found.length === 1) return ["open", -1];
  return [found.startsWith('"') ? "name" : "text", from + found.length];
}

const PLACEHOLDER = /\$\{(table|schema)\}/g;
const ALONE = /^(['"])\$\{(table|schema)\}\1$/;
/** After these a name has no schema: `schema.name`, `AS name`. */
const BEFORE_NAME = /(?:\.|\bas)\s*$/i;

/**
 * Fills quoted names into a query: `${table}` with its schema unless something precedes it,
 * `'${table}'` as a string constant; not within longer strings or comments.
 */
export function nameTable(sql: string, { table, schema }: Named): string {
  const name = (which: string, before: string) => {
    if (which === "schema") return quoteName(schema);
    const alone = BEFORE_NAME.test(before);
    return alone ? quoteName(table) : `${quoteName(schema)}.${quoteName(table)}`;
  };
  let done = "";
  for (const { kind, sql: part } of partsOf(sql)) {
    const [, quote, which] = ALONE.exec(part) ?? [];
    if (quote === "'") done += quoteText(which === "table" ? table : schema);
    else if (which) done += name(which, done);
    else if (kind !== "code") done += part;
    else {
      const before = done;
      done += part.replace(
        PLACEHOLDER,
        (_, which, at) => name(which, before + part.slice(0, at)),
      );
    }
  }
  return done;
}

const FIRST = /^[\s(]*(?:select|with|values|table)\b/i;
const WRITES =
  /[()]\s*(?:insert\s+into|delete\s+from|merge\s+into|update\s+(?:only\s+)?[^\s()]+(?:\s*\*)?(?:\s+(?:as\s+)?[^\s()]+)?\s+set)\b/i;
const LOCKS = /\bfor\s+(?:no\s+key\s+update|update|key\s+share|share)\b/i;

/**
 * Why a template may not have this query, by its words alone: it must be one reading statement.
 */
export function faultOfQuery(sql: string): string | undefined {
  const parts = partsOf(sql);
  if (parts.some(({ kind }) => kind === "open")) {
    return "A quote or comment is opened and not closed.";
  }
  const code = parts.map(({ kind, sql }) =>
    kind === "code" ? sql : kind === "comment" ? " " : kind === "name" ? '""' : "''"
  ).join("").replace(/;\s*$/, "");
  if (code.trim() === "") return "There is no query.";
  if (code.includes(";")) return "Only one statement is allowed here.";
  if (!FIRST.test(code)) return "Only SELECT, or WITH … SELECT, is allowed here.";
  if (WRITES.test(code) || /\binto\b/i.test(code)) return "The query writes: it may only read.";
  if (LOCKS.test(code)) return "The query locks rows: it may only read.";
  if (/\$\d/.test(code)) return "The query has parameters ($1), which nothing fills.";
  return faultOfPlaceholders(parts);
}

function faultOfPlaceholders(parts: Part[]): string | undefined {
  for (const { kind, sql } of parts) {
    if (kind === "comment" || ALONE.test(sql)) continue;
    if (kind !== "code" && sql.search(PLACEHOLDER) >= 0) {
      return "A placeholder within a longer text cannot be quoted: write '${table}' or \"${table}\" alone.";
    }
    if (/[\w$]\$\{(?:table|schema)\}|\$\{(?:table|schema)\}[\w$]/.test(sql)) {
      return "A placeholder is a whole name: leave nothing right beside it.";
    }
    if (/\$\{datasource\}/.test(sql)) return "${datasource} has no place in a query.";
  }
}
