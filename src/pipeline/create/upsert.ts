import type { Dashboard } from "../../boards/compose.ts";
import { ExternalError } from "../../errors.ts";
import type { DashboardJson, Saved, StoredDashboard } from "../../external/grafana/dashboards.ts";
import { ensureInGrafana, folderStep } from "../../grafana/steps.ts";
import { namingRights, type UserGrafana } from "../../grafana/grafana.ts";
import { archiveUid, dashboardUid, folderUid } from "../../workspaces/names.ts";
import type { OpenWorkspace } from "../../workspaces/reader.ts";
import type { Deps as WorkspaceDeps } from "../../grafana/datasources.ts";
import { ClaimLost } from "../attempt.ts";
import { beginWriting, type BoardState } from "../board_store.ts";
import type { Claim } from "../row.ts";

/** `version`: of our last write; `edited`: a person's version was kept. */
export type Put = { url: string; version: number | null; edited: boolean };

/** What one upsert works with. `state`: the row's, before the write. */
type Write = {
  deps: WorkspaceDeps;
  claim: Claim;
  state: BoardState;
  target: UserGrafana;
  board: Dashboard;
  opened: OpenWorkspace;
};

/** Covers concurrent writers and taken titles. */
const MOST_WRITES = 25;

/** The public address of a `url` from Grafana, which may include its sub-path. */
export function publicUrl({ public_url }: Pick<UserGrafana, "public_url">, url: string): string {
  return public_url + url.slice(Math.max(0, url.lastIndexOf("/d/")));
}

/** Keeps a person's edits unless the row says `rewrite`. Throws ExternalError, `gone` after a deletion. */
export async function upsertDashboard(write: Write, signal: AbortSignal): Promise<Put> {
  const { deps, claim, target, opened: { workspace, server, passwords } } = write;
  const work = { deps, workspace, server, password: passwords.reader, target };
  return await namingRights(target, signal, async () => {
    await ensureInGrafana(work, [claim.kind], signal);
    return await writeBoard(write, signal);
  });
}

async function writeBoard(write: Write, signal: AbortSignal): Promise<Put> {
  const { deps, claim, target, board, opened: { workspace } } = write;
  const uid = dashboardUid(deps.installation, claim.id);
  // Grafana trims titles and refuses empty ones.
  const titles = numberedTitles(board.title?.trim() || uid, uid);
  // An abandoned write may still arrive.
  const before = write.state;
  let state = before;
  for (let writes = 0, taken = 0; writes < MOST_WRITES; writes++) {
    const found = await target.grafana.findDashboard(uid, signal);
    if (!found && state.grafana_version !== null && !state.rewrite) throw gone();
    if (found && !state.rewrite && isEdited(found, state) && isEdited(found, before)) {
      return await keepEdited(write, found, state, signal);
    }
    const isOurs = taken === 0 && titles.includes(`${found?.dashboard.title}`);
    const title = isOurs ? found!.dashboard.title : titles[taken]!;
    const dashboard = { ...board, uid, title };
    const version = found?.version ?? 0;
    const saved = await save(write, dashboard, version, signal);
    if (saved.what === "saved") return written(target, uid, saved);
    // The last title contains our uid, so it is free.
    if (saved.what === "title_taken") taken = Math.min(taken + 1, titles.length - 1);
    if (saved.what === "folder_missing") await folderStep(deps, workspace, target, signal);
    state = { ...state, board: dashboard, grafana_writing: version };
  }
  throw new ExternalError("Grafana", "Other users keep changing this dashboard in Grafana.", false);
}

/** One write over `version`. The row records it first. */
async function save(
  { deps, claim, target }: Write,
  dashboard: DashboardJson,
  version: number,
  signal: AbortSignal,
): Promise<Saved> {
  if (!await beginWriting(deps.db, claim, version, JSON.stringify(dashboard))) {
    throw new ClaimLost();
  }
  const into = folderUid(deps.installation, claim.user_id);
  const message = `Dashkeeper: run ${claim.run}`;
  return await target.grafana.saveDashboard(
    { dashboard, version, folderUid: into, message },
    signal,
  );
}

/** `paths`, `paths (2)` …, for titles that other dashboards have. */
function numberedTitles(title: string, uid: string): string[] {
  const more = Array.from({ length: 18 }, (_, i) => `${title} (${i + 2})`);
  return [title, ...more, `${title} (${uid})`];
}

function written(target: UserGrafana, uid: string, saved: Saved & { what: "saved" }): Put {
  if (saved.uid !== uid) {
    throw new ExternalError("Grafana", "Grafana saved the dashboard under a different uid.", true);
  }
  return { url: publicUrl(target, saved.url), version: saved.version, edited: false };
}

/** Keeps a person's version; moves it out of the archive when its table is back. */
async function keepEdited(
  { deps: { installation }, claim: { user_id }, target }: Write,
  found: StoredDashboard,
  state: BoardState,
  signal: AbortSignal,
): Promise<Put> {
  if (found.folderUid === archiveUid(installation, user_id)) {
    const folder = folderUid(installation, user_id);
    if (await refile(target, found, folder, signal) === undefined) throw beingChanged();
  }
  return { url: publicUrl(target, found.url), version: lastWritten(state), edited: true };
}

/** Moves a dashboard to another folder and returns its version. Undefined: it was changed concurrently. */
export async function refile(
  { grafana }: UserGrafana,
  { dashboard, version }: { dashboard: DashboardJson; version: number },
  folder: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  const message = "Dashkeeper: moved to another folder";
  for (const title of numberedTitles(`${dashboard.title}`, `${dashboard.uid}`)) {
    const saved = await grafana.saveDashboard(
      { dashboard: { ...dashboard, title }, version, folderUid: folder, message },
      signal,
    );
    if (saved.what === "saved") return saved.version;
    if (saved.what !== "title_taken") return undefined;
  }
}

/** True unless the version is our last write or an unconfirmed one. */
export function isEdited({ version, dashboard }: StoredDashboard, state: BoardState): boolean {
  const { grafana_version, grafana_writing, board } = state;
  if (grafana_version === null && grafana_writing === null) return false;
  if (version === grafana_version) return false;
  return !(grafana_writing === version - 1 && isSame(dashboard, board as DashboardJson));
}

/** The version of an unconfirmed first write follows from what it replaced. */
function lastWritten({ grafana_version, grafana_writing }: BoardState): number | null {
  return grafana_version ?? (grafana_writing === null ? null : grafana_writing + 1);
}

/** Ignores fields that Grafana sets, and the number in a title. */
function isSame(theirs: DashboardJson, ours: DashboardJson | null): boolean {
  if (!ours || !numberedTitles(ours.title, `${theirs.uid}`).includes(theirs.title)) return false;
  const own = { id: null, uid: null, version: null, title: null };
  return sorted({ ...theirs, ...own }) === sorted({ ...ours, ...own });
}

/** JSON with sorted keys: jsonb reorders them. */
function sorted(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part) =>
      part && typeof part === "object" && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1))
        : part,
  );
}

export function beingChanged(): ExternalError {
  return new ExternalError("Grafana", "Another user is changing this dashboard in Grafana.", false);
}

export function gone(): ExternalError {
  return new ExternalError(
    "Grafana",
    "A person deleted this dashboard in Grafana. Press Rewrite to create it again.",
    true,
    { code: "gone" },
  );
}
