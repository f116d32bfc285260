import { z } from "zod";
import { type Answer, call, type GrafanaLogin, parsed, unexpected } from "./call.ts";
import { maskSecrets } from "../mask.ts";

/** What of a data source is ours to say; `database` belongs in `jsonData`. */
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
// deno-lint-ignore no-explicit-any
export type DashboardJson = Record<string, any>;
export type StoredDashboard = {
  dashboard: DashboardJson;
  version: number;
  folderUid: string;
  /** As Grafana links to it: from the root of its host, a sub-path included. */
  url: string;
};
/** What became of a dashboard that was to be saved. */
export type Saved =
  | { what: "saved"; uid: string; url: string; version: number }
  | { what: "changed" | "title_taken" | "folder_missing" };

export type Grafana = ReturnType<typeof connectGrafana>;

const Folder = z.object({ uid: z.string(), title: z.string(), version: z.number().default(1) });
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
const Stored = z.object({
  dashboard: z.record(z.string(), z.unknown()),
  meta: z.object({
    version: z.number(),
    url: z.string().default(""),
    folderUid: z.string().default(""),
  }),
});
const Written = z.object({ uid: z.string(), url: z.string(), version: z.number() });
const Hits = z.object({
  list: z.array(z.object({ uid: z.string(), folderUid: z.string().default("") })),
});
const Results = z.object({
  results: z.record(z.string(), z.object({ error: z.string().optional() })).optional(),
});

const LibraryElement = z.object({
  result: z.object({ model: z.record(z.string(), z.unknown()) }),
});

const path = (uid: string) => encodeURIComponent(uid);

/**
 * The calls of Grafana's API that are made here, each safe to repeat: uids are ours. All of them throw
 * what call() throws, and a permanent ExternalError with Grafana's own reason for what it refuses.
 */
export function connectGrafana(login: GrafanaLogin) {
  const ask = (method: string, path: string, signal: AbortSignal, json?: unknown) =>
    call(login, method, path, signal, json);
  return {
    login,

    async findFolder(uid: string, signal: AbortSignal) {
      const answer = await ask("GET", `/api/folders/${path(uid)}`, signal);
      return answer.status === 404 ? undefined : parsed(Folder, answer, "to show a folder");
    },

    /** `taken`: another folder has this title; one of this uid counts as made. */
    async makeFolder(uid: string, title: string, signal: AbortSignal): Promise<"made" | "taken"> {
      const answer = await ask("POST", "/api/folders", signal, { uid, title });
      if (answer.status === 409 || isTitleTaken(answer)) return "taken";
      if (answer.status === 200 || answer.status === 412) return "made";
      throw unexpected(answer, "a folder");
    },

    async renameFolder(uid: string, title: string, version: number, signal: AbortSignal) {
      const body = { title, version };
      const answer = await ask("PUT", `/api/folders/${path(uid)}`, signal, body);
      if (answer.status === 409 || isTitleTaken(answer)) return "taken" as const;
      if (answer.status !== 200 && answer.status !== 412) throw unexpected(answer, "a folder");
      return "made" as const;
    },

    /** Takes along whatever lies in it. */
    removeFolder: (uid: string, signal: AbortSignal) =>
      remove(ask("DELETE", `/api/folders/${path(uid)}`, signal), "to delete a folder"),

    async findDatasource(uid: string, signal: AbortSignal): Promise<StoredDatasource | undefined> {
      const answer = await ask("GET", `/api/datasources/uid/${path(uid)}`, signal);
      if (answer.status === 404) return undefined;
      const source = parsed(Source, answer, "to show a data source");
      const { secureJsonFields, ...rest } = source;
      return { ...rest, hasPassword: secureJsonFields?.password === true };
    },

    /** `name_taken`: another data source has this name. */
    async makeDatasource(source: Datasource, password: string, signal: AbortSignal) {
      const body = { ...source, secureJsonData: { password } };
      const answer = await ask("POST", "/api/datasources", signal, body);
      return sourceWritten(answer);
    },

    /** With a password where one is given: the old one is kept otherwise. */
    async changeDatasource(source: Datasource, password: string, signal: AbortSignal) {
      const body = { ...source, secureJsonData: { password } };
      const uid = path(source.uid);
      return sourceWritten(await ask("PUT", `/api/datasources/uid/${uid}`, signal, body));
    },

    removeDatasource: (uid: string, signal: AbortSignal) =>
      remove(ask("DELETE", `/api/datasources/uid/${path(uid)}`, signal), "to delete a data source"),

    /** Runs a statement through a data source. Undefined: it answered; else Grafana's sentence. */
    async query(uid: string, rawSql: string, signal: AbortSignal): Promise<string | undefined> {
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
      const fault = Object.values(results).find(({ error }) => error)?.error;
      if (fault) return maskSecrets(fault);
      if (answer.status !== 200 || !results.A) throw unexpected(answer, "a query");
      return undefined;
    },

    async findDashboard(uid: string, signal: AbortSignal): Promise<StoredDashboard | undefined> {
      const answer = await ask("GET", `/api/dashboards/uid/${path(uid)}`, signal);
      if (answer.status === 404) return undefined;
      const { dashboard, meta } = parsed(Stored, answer, "to show a dashboard");
      return { dashboard, ...meta };
    },

    /** What a library panel is; undefined: it is gone. */
    async findLibraryPanel(uid: string, signal: AbortSignal): Promise<DashboardJson | undefined> {
      const answer = await ask("GET", `/api/library-elements/${path(uid)}`, signal);
      if (answer.status === 404) return undefined;
      return parsed(LibraryElement, answer, "to show a library panel").result.model;
    },

    /** Never over anything that is not of this uid and version. */
    async saveDashboard(
      { dashboard, version, folderUid, message }: {
        dashboard: DashboardJson;
        version: number;
        folderUid: string;
        message: string;
      },
      signal: AbortSignal,
    ): Promise<Saved> {
      const answer = await ask("POST", "/api/dashboards/db", signal, {
        dashboard: { ...dashboard, id: null, version },
        folderUid,
        message,
        overwrite: false,
      });
      const { status, message: reason } = answer.body;
      if (answer.status === 200) {
        return { what: "saved", ...parsed(Written, answer, "a dashboard") };
      }
      // 9.4 says a conflict with 412, a Grafana on another storage with a plain 409.
      if (status === "version-mismatch" || (answer.status === 409 && !status)) {
        return { what: "changed" };
      }
      // Titles are compared by their slugs, and with those of all folders.
      if (status === "name-exists" || status === "name-match") return { what: "title_taken" };
      if (/^folder not found/i.test(`${reason}`)) return { what: "folder_missing" };
      throw unexpected(answer, "this dashboard");
    },

    removeDashboard: (uid: string, signal: AbortSignal) =>
      remove(ask("DELETE", `/api/dashboards/uid/${path(uid)}`, signal), "to delete a dashboard"),

    /** Whether a folder holds dashboards, of anybody's. */
    async holdsDashboards(folder: string, signal: AbortSignal): Promise<boolean> {
      for (let page = 1;; page++) {
        const path = `/api/search?type=dash-db&limit=${HITS}&page=${page}`;
        const { list } = parsed(Hits, await ask("GET", path, signal), "to search");
        if (list.some(({ folderUid }) => folderUid === folder)) return true;
        if (list.length < HITS) return false;
      }
    },
  };
}

/** A page of a search; Grafana gives 5,000 at most. */
const HITS = 1000;

/** Later versions say of a title what 9.4 says with 409. */
const isTitleTaken = ({ body }: Answer) => body.status === "name-exists";

function sourceWritten(answer: Answer): "written" | "name_taken" | "uid_taken" | "gone" {
  const { status, body } = answer;
  if (status === 200) return "written";
  if (status === 404) return "gone";
  if (status === 409) return /same uid/.test(`${body.message}`) ? "uid_taken" : "name_taken";
  throw unexpected(answer, "a data source");
}

async function remove(answer: Promise<Answer>, what: string): Promise<void> {
  const { status, body } = await answer;
  if (status !== 200 && status !== 404) throw unexpected({ status, body }, what);
}
