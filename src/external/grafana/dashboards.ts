import { z } from "zod";
import { type Ask, parsed, remove, unexpected } from "./call.ts";

// deno-lint-ignore no-explicit-any
export type DashboardJson = Record<string, any>;
export type StoredDashboard = {
  dashboard: DashboardJson;
  version: number;
  folderUid: string;
  /** Grafana's own link: from the root of its host, a sub-path included. */
  url: string;
};
export type Saved =
  | { what: "saved"; uid: string; url: string; version: number }
  | { what: "changed" | "title_taken" | "folder_missing" };

const HITS = 1000;

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
const LibraryElement = z.object({
  result: z.object({ model: z.record(z.string(), z.unknown()) }),
});

const pathOf = (uid: string) => `/api/dashboards/uid/${encodeURIComponent(uid)}`;

export async function findDashboard(
  ask: Ask,
  uid: string,
  signal: AbortSignal,
): Promise<StoredDashboard | undefined> {
  const answer = await ask("GET", pathOf(uid), signal);
  if (answer.status === 404) return undefined;
  const { dashboard, meta } = parsed(Stored, answer, "to show a dashboard");
  return { dashboard, ...meta };
}

export async function findLibraryPanel(
  ask: Ask,
  uid: string,
  signal: AbortSignal,
): Promise<DashboardJson | undefined> {
  const answer = await ask("GET", `/api/library-elements/${encodeURIComponent(uid)}`, signal);
  if (answer.status === 404) return undefined;
  return parsed(LibraryElement, answer, "to show a library panel").result.model;
}

/** Overwrites only the same uid and version. */
export async function saveDashboard(
  ask: Ask,
  { dashboard, version, ...more }: {
    dashboard: DashboardJson;
    version: number;
    folderUid: string;
    message: string;
  },
  signal: AbortSignal,
): Promise<Saved> {
  const answer = await ask("POST", "/api/dashboards/db", signal, {
    dashboard: { ...dashboard, id: null, version },
    ...more,
    overwrite: false,
  });
  const { status, message: reason } = answer.body;
  if (answer.status === 200) return { what: "saved", ...parsed(Written, answer, "a dashboard") };
  // 9.4 reports a conflict with 412, a Grafana on another storage with a plain 409.
  if (status === "version-mismatch" || (answer.status === 409 && !status)) {
    return { what: "changed" };
  }
  // Grafana compares titles by their slugs, with those of all folders.
  if (status === "name-exists" || status === "name-match") return { what: "title_taken" };
  if (/^folder not found/i.test(`${reason}`)) return { what: "folder_missing" };
  throw unexpected(answer, "this dashboard");
}

export async function removeDashboard(ask: Ask, uid: string, signal: AbortSignal) {
  await remove(ask, pathOf(uid), signal, "to delete a dashboard");
}

export async function holdsDashboards(ask: Ask, folder: string, signal: AbortSignal) {
  for (let page = 1;; page++) {
    const path = `/api/search?type=dash-db&limit=${HITS}&page=${page}`;
    const { list } = parsed(Hits, await ask("GET", path, signal), "to search");
    if (list.some(({ folderUid }) => folderUid === folder)) return true;
    if (list.length < HITS) return false;
  }
}
