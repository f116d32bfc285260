import { AppError } from "../errors.ts";
import { DEADLINES } from "../external/postgres/deadlines.ts";
import { asExternal, type Db, isUnavailable, sqlState } from "../external/postgres/postgres.ts";
import type { Dashboard } from "./compose.ts";
import { choicesOf, type Chosen, fillVariables } from "./variables.ts";

type Value = number | string | boolean | null;
type Field = { name: string; type: "time" | "number" | "string" | "boolean" };
export type Frame = { schema: { refId: string; fields: Field[] }; data: { values: Value[][] } };
type Result = { status: 200; frames: Frame[] };
export type Answer = { status: 200; body: { results: Record<string, Result> } };

type Target = { refId: string; rawSql: string; format: string; hide?: boolean };
type Rows = { columns: { name: string; type: number }[]; values: unknown[][] };

const MOST_ROWS = 10_000;
/** Cancelling the statement before the deadline keeps the connection usable. */
const CANCEL_MS = 500;
const LIMIT_MS = DEADLINES.board.whole - CANCEL_MS;

/** OIDs of pg_type, equal on every server. */
const TYPES: Record<number, Field["type"]> = {
  16: "boolean",
  20: "number",
  21: "number",
  23: "number",
  26: "number",
  700: "number",
  701: "number",
  1700: "number",
  1082: "time",
  1114: "time",
  1184: "time",
};

/** Expands the macros of Grafana's PostgreSQL data source. */
export function expandMacros(sql: string, range: { from: string; to: string }): string {
  const at = (time: string) => `'${new Date(time).toISOString()}'`;
  return sql
    .replace(
      /\$__timeFilter\(([^)]*)\)/g,
      (_, column) => `${column} BETWEEN ${at(range.from)} AND ${at(range.to)}`,
    )
    .replace(/\$__timeFrom\(\)/g, () => at(range.from))
    .replace(/\$__timeTo\(\)/g, () => at(range.to))
    .replace(/\$__time\(([^()]*)\)/g, (_, column) => `${column} AS "time"`)
    .replace(
      /\$__timeGroup(Alias)?\(([^,()]+),\s*'?(\$__interval|\d+[smhdw])'?\s*(?:,[^()]*)?\)/g,
      (_, alias, column, span) => {
        const seconds = secondsOf(span, range);
        const group =
          `pg_catalog.to_timestamp(floor(extract(epoch FROM ${column}) / ${seconds}) * ${seconds})`;
        return alias ? `${group} AS "time"` : group;
      },
    );
}

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `5m`, or `$__interval`: a hundredth of the range, as in a panel of 100 points. */
function secondsOf(span: string, { from, to }: { from: string; to: string }): number {
  if (span === "$__interval") {
    return Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 100_000));
  }
  return Math.max(1, Number(span.slice(0, -1)) * SECONDS[span.at(-1)!]!);
}

function valueOf(value: unknown, type: Field["type"]): Value {
  if (value === null || value === undefined) return null;
  if (type === "boolean") return value === true;
  if (type === "string") return typeof value === "string" ? value : JSON.stringify(value);
  const number = type === "time" ? new Date(value as string).getTime() : Number(value);
  return Number.isFinite(number) ? number : null;
}

function frameOf(refId: string, { columns, values }: Rows): Frame {
  const fields = columns.map(({ name, type }): Field => ({ name, type: TYPES[type] ?? "string" }));
  return {
    schema: { refId, fields },
    data: { values: fields.map(({ type }, i) => values.map((row) => valueOf(row[i], type))) },
  };
}

/** Pivots rows of (time, series, value) into one column per series, null where a series has no value. */
export function widen(frame: Frame): Frame {
  const { fields } = frame.schema;
  const [time, metric, value] = ["time", "string", "number"].map((type) =>
    fields.findIndex((field) => field.type === type)
  ) as [number, number, number];
  if (time < 0 || metric < 0 || value < 0) return frame;
  const [times, names, numbers] = [time, metric, value].map((i) => frame.data.values[i]!) as [
    number[],
    string[],
    number[],
  ];
  const steps = [...new Set(times)].sort((a, b) => a - b);
  const rowOf = new Map(steps.map((time, i) => [time, i]));
  const series = new Map<string, Value[]>();
  names.forEach((name, i) => {
    if (!series.has(name)) series.set(name, new Array(steps.length).fill(null));
    series.get(name)![rowOf.get(times[i]!)!] = numbers[i]!;
  });
  const columns = [...series].sort(([a], [b]) => a < b ? -1 : 1);
  return {
    schema: {
      refId: frame.schema.refId,
      fields: [
        fields[time]!,
        ...columns.map(([name]): Field => ({ name, type: "number" })),
      ],
    },
    data: { values: [steps, ...columns.map(([, values]) => values)] },
  };
}

/** Reads up to 10,000 rows; cancels after `limitMs` too, as SQL can switch statement_timeout off. */
async function read(
  reader: Db,
  sql: string,
  stopped: AbortSignal,
  limitMs: number,
): Promise<Rows> {
  stopped.throwIfAborted();
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(limitMs)]);
  const query = reader.unsafe(sql).values();
  const stop = () => query.cancel();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const rows of query.cursor(MOST_ROWS) as AsyncIterable<unknown>) {
      const batch = rows as unknown[][] & { columns: Rows["columns"] };
      return { columns: batch.columns, values: [...batch] };
    }
    return { columns: [], values: [] };
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

const REASONS: Record<string, string> = {
  "42601": "has a syntax error",
  "42703": "selects a column that does not exist",
  "42P01": "selects from a table that does not exist",
  "42883": "uses a function or operator that does not exist for these types",
  "42501": "reads something that the reader role has no permission for",
  "22007": "has a value that does not fit its type",
  "22P02": "has a value that does not fit its type",
  "22012": "divides by zero",
  "55P03": "timed out waiting for a lock",
  "57014": "exceeded the time limit",
};

/** The SQLSTATE, and the word of `sql` at the error position. */
export function refusalOf(error: unknown, sql: string) {
  const at = Number((error as { position?: string }).position ?? 0);
  const near = at > 0
    ? /^\s*(\w+|"(?:[^"]|"")*"|\S)/.exec([...sql].slice(at - 1).join(""))?.[1]
    : undefined;
  return { state: sqlState(error) ?? "", near: near?.slice(0, 63) };
}

export function reasonOf({ state, near }: ReturnType<typeof refusalOf>): string {
  const reason = REASONS[state] ?? `was refused by PostgreSQL (SQLSTATE ${state})`;
  return near ? `${reason}, near ${near}` : reason;
}

async function runSql(
  reader: Db,
  { refId, rawSql, format }: Target,
  signal: AbortSignal,
  limitMs = LIMIT_MS,
): Promise<Result> {
  try {
    const rows = await read(reader, rawSql, signal, limitMs);
    if (rows.values.length === 0) return { status: 200, frames: [] };
    const frame = frameOf(refId, rows);
    return { status: 200, frames: [format === "time_series" ? widen(frame) : frame] };
  } catch (error) {
    signal.throwIfAborted();
    if (sqlState(error) === undefined || isUnavailable(error)) throw asExternal(error);
    throw new AppError("query_refused", 400, `The query ${reasonOf(refusalOf(error, rawSql))}.`);
  }
}

/**
 * Runs a panel's SQL and answers as Grafana's /api/ds/query. Throws `panel_unknown`,
 * `query_refused`, ExternalError.
 */
export async function runPanel(
  reader: Db,
  dashboard: Dashboard,
  panelId: number,
  signal: AbortSignal,
  chosen: Chosen = {},
  limitMs = LIMIT_MS,
): Promise<Answer> {
  const panel = (dashboard.panels ?? []).find((panel) => panel.id === panelId);
  const all = (panel && "targets" in panel ? panel.targets ?? [] : []) as unknown as Target[];
  const targets = all.filter(({ hide }) => !hide);
  if (targets.length === 0) {
    throw new AppError("panel_unknown", 404, "This board has no panel with this id.");
  }
  const range = { from: dashboard.time?.from ?? "", to: dashboard.time?.to ?? "" };
  const results: Record<string, Result> = {};
  for (const target of targets) {
    // Variables last, so that their values are never read as macros.
    const rawSql = fillVariables(expandMacros(target.rawSql, range), dashboard, chosen);
    results[target.refId] = await runSql(reader, { ...target, rawSql }, signal, limitMs);
  }
  return { status: 200, body: { results } };
}

/** A variable's choices: `__text`, and `__value` where it differs. Throws as runPanel() does. */
export async function runVariable(
  reader: Db,
  dashboard: Dashboard,
  name: string,
  signal: AbortSignal,
): Promise<Answer> {
  const rawSql = choicesOf(dashboard, name);
  if (rawSql === undefined) {
    throw new AppError("variable_unknown", 404, "This board has no variable of this name.");
  }
  const result = await runSql(reader, { refId: "A", rawSql, format: "table" }, signal);
  return { status: 200, body: { results: { A: result } } };
}
