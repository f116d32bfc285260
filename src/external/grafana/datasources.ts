import { z } from "zod";
import { maskSecrets } from "../mask.ts";
import { type Answer, type Ask, parsed, remove, unexpected } from "./call.ts";

/** The fields of a data source that we set; `database` belongs in `jsonData`. */
export type Datasource = {
  uid: string;
  name: string;
  type: string;
  access: string;
  url: string; // host:port
  user: string;
  jsonData: Record<string, unknown>;
};
export type StoredDatasource = Datasource & { hasPassword: boolean };

const Source = z.object({
  uid: z.string(),
  name: z.string(),
  type: z.string(),
  access: z.string(),
  url: z.string(),
  user: z.string().default(""),
  jsonData: z.record(z.string(), z.unknown()).nullish().transform((data) => data ?? {}),
  secureJsonFields: z.record(z.string(), z.unknown()).nullish(),
});
const Results = z.object({
  results: z.record(z.string(), z.object({ error: z.string().optional() })).optional(),
});

const pathOf = (uid: string) => `/api/datasources/uid/${encodeURIComponent(uid)}`;

export async function findDatasource(
  ask: Ask,
  uid: string,
  signal: AbortSignal,
): Promise<StoredDatasource | undefined> {
  const answer = await ask("GET", pathOf(uid), signal);
  if (answer.status === 404) return undefined;
  const { secureJsonFields, ...source } = parsed(Source, answer, "to show a data source");
  return { ...source, hasPassword: secureJsonFields?.password === true };
}

/** "name_taken": another data source has this name. */
export async function makeDatasource(
  ask: Ask,
  source: Datasource,
  password: string,
  signal: AbortSignal,
) {
  const body = { ...source, secureJsonData: { password } };
  return datasourceWritten(await ask("POST", "/api/datasources", signal, body));
}

export async function changeDatasource(
  ask: Ask,
  source: Datasource,
  password: string,
  signal: AbortSignal,
) {
  const body = { ...source, secureJsonData: { password } };
  return datasourceWritten(await ask("PUT", pathOf(source.uid), signal, body));
}

function datasourceWritten(answer: Answer): "written" | "name_taken" | "uid_taken" | "gone" {
  const { status, body } = answer;
  if (status === 200) return "written";
  if (status === 404) return "gone";
  if (status === 409) return /same uid/.test(`${body.message}`) ? "uid_taken" : "name_taken";
  throw unexpected(answer, "a data source");
}

export async function removeDatasource(ask: Ask, uid: string, signal: AbortSignal) {
  await remove(ask, pathOf(uid), signal, "to delete a data source");
}

/** Runs a statement through a data source. Undefined: it worked; else Grafana's reason. */
export async function query(
  ask: Ask,
  uid: string,
  rawSql: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const answer = await ask("POST", "/api/ds/query", signal, {
    from: "now-1h",
    to: "now",
    queries: [{
      refId: "A",
      datasource: { uid, type: "postgres" },
      rawSql,
      format: "table",
      intervalMs: 1000,
      maxDataPoints: 1,
    }],
  });
  const { results = {} } = Results.catch({}).parse(answer.body);
  const reason = Object.values(results).find(({ error }) => error)?.error;
  if (reason) return maskSecrets(reason);
  if (answer.status !== 200 || !results.A) throw unexpected(answer, "a query");
  return undefined;
}
