import { Hono } from "hono";
import { connect, isUnavailable, type Sql } from "../../../src/external/postgres/postgres.ts";
import { columnsOf, framesOf } from "./frames.ts";
import { expand, type Range, rangeOf } from "./macros.ts";
import { type Datasource, Refusal, type State } from "./state.ts";
import { type Env, need } from "./tokens.ts";

type Query = {
  refId: string;
  datasource?: { uid?: string };
  rawSql?: string;
  format?: string;
  intervalMs?: number;
};
type Result = { status: number; error?: string; frames: unknown[] };

/** A data source's database for one query: what is refused today was not let in yesterday. */
export function connectionOf(source: Datasource, ended: AbortSignal): Sql & AsyncDisposable {
  const { url, user, secureJsonData, jsonData } = source;
  const [, host = "", port = "5432"] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(url)!;
  const db = connect({
    host,
    port: Number(port),
    user,
    password: String(secureJsonData.password ?? ""),
    // As PostgreSQL does without a name: the one that is called like the user.
    database: jsonData.database || source.database || user,
    ssl: jsonData.sslmode === "disable" ? "disable" : "prefer",
  }, 1);
  const end = () => void db.end({ timeout: 0 });
  ended.addEventListener("abort", end, { once: true });
  return Object.assign(db, {
    async [Symbol.asyncDispose]() {
      ended.removeEventListener("abort", end);
      await db.end({ timeout: 1 });
    },
  });
}

/** What Grafana says of an error: PostgreSQL's own words, and nothing about a connection. */
export function sentenceOf(error: unknown): string {
  const isAnswer = error instanceof Error && error.name === "PostgresError";
  if (isAnswer) return `pq: ${error.message}`;
  if (!isUnavailable(error)) return error instanceof Error ? error.message : String(error);
  return "failed to connect to server - please inspect Grafana server log for details";
}

/** POST /api/ds/query */
export function queryRoutes(state: State) {
  return new Hono<Env>().post("/", need("datasources:query"), async (c) => {
    const { queries = [], from, to } = await c.req.json().catch(() => {
      throw new Refusal(400, { message: "bad request data", traceID: "" });
    });
    if (queries.length === 0) throw new Refusal(400, { message: "No queries found", traceID: "" });
    const range = rangeOf(from, to);
    const sources = queries.map(({ datasource }: Query) => {
      const source = state.datasources.get(datasource?.uid ?? "");
      if (!source) throw new Refusal(404, { message: "Data source not found", traceID: "" });
      return source;
    });
    const results: Record<string, Result> = {};
    await Promise.all(queries.map(async (query: Query, i: number) => {
      results[query.refId] = await answer(query, sources[i], range, state.ended);
    }));
    const failed = Object.values(results).some(({ error }) => error);
    return c.json({ results }, failed ? 400 : 200);
  });
}

async function answer(
  { refId, rawSql = "", format = "table", intervalMs = 1000 }: Query,
  source: Datasource,
  range: Range,
  ended: AbortSignal,
): Promise<Result> {
  const executedQueryString = expand(rawSql, range, intervalMs);
  await using db = connectionOf(source, ended);
  try {
    const rows = await db.unsafe(executedQueryString).raw().catch((error) => {
      throw new Error(`db query error: ${sentenceOf(error)}`);
    });
    const frames = framesOf(columnsOf(rows), format).map(({ meta, fields, values }) => ({
      schema: { refId, meta: { ...meta, executedQueryString }, fields },
      data: { values },
    }));
    return { status: 200, frames };
  } catch (error) {
    const schema = { refId, meta: { executedQueryString }, fields: [] };
    const { message } = error as Error;
    return { error: message, status: 500, frames: [{ schema, data: { values: [] } }] };
  }
}
