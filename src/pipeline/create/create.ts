import type { TableFacts } from "../../measures/facts.ts";
import { findCorrection } from "../../measures/mapping/store.ts";
import { readTable } from "../../measures/read.ts";
import { composeChosen } from "../../templates/board.ts";
import { isUnavailable, type Sql, sqlState } from "../../external/postgres/postgres.ts";
import { grafanaAt, grafanaOf, type UserGrafana } from "../../grafana/grafana.ts";
import { dashboardUid, datasourceUid } from "../../workspaces/names.ts";
import { asReader, type OpenWorkspace, openWorkspace } from "../../workspaces/reader.ts";
import type { Deps as WorkspaceDeps } from "../../grafana/datasources.ts";
import { attempt, ClaimLost } from "../attempt.ts";
import {
  type BoardState,
  findBoardState,
  saveTemplate,
  saveWritten,
  useBuiltIn,
  useGrafana,
} from "../board_store.ts";
import { publicUrl, upsertDashboard } from "./upsert.ts";
import { findKept, saveNumbers } from "../numbers_store.ts";
import { advance, type Claim, claimNext } from "../row.ts";
import { saveBoard } from "../board_store.ts";
import { summarize, type Summary } from "../../measures/summary.ts";

/** Second step: composes the board and computes the numbers of the newest run. True: there may be more rows. */
export async function createNext(deps: WorkspaceDeps, signal: AbortSignal): Promise<boolean> {
  const claim = await claimNext(deps.db, "create");
  if (!claim) return false;
  await attempt(deps, claim, signal, async (signal) => {
    const state = await findBoardState(deps.db, claim.id);
    const target = await chooseGrafana(deps, claim, state);
    const opened = await openWorkspace(deps, claim.user_id);
    const { board, template, summary, error } = await readBoard(deps, claim, opened, !!target);
    const put = target &&
      await upsertDashboard({ deps, claim, state, target, board, opened }, signal);
    await deps.db.begin(async (tx) => {
      if (put) await saveWritten(tx, claim.id, put);
      else await saveBoard(tx, claim.id, JSON.stringify(board));
      await saveTemplate(tx, claim.id, template);
      await saveNumbers(tx, claim, summary, error);
      if (!await advance(tx, claim, "capture")) throw new ClaimLost();
    });
  });
  return true;
}

/** The dashboard's Grafana; undefined: the built-in board. A written dashboard stays where it is. */
async function chooseGrafana(
  deps: WorkspaceDeps,
  claim: Claim,
  { source, board, grafana_base, grafana_version, grafana_writing }: BoardState,
): Promise<UserGrafana | undefined> {
  if (source === "built-in" && board !== null) return undefined;
  const isThere = grafana_version !== null || grafana_writing !== null;
  const target = isThere && grafana_base !== null
    ? await grafanaAt(deps, claim.user_id, grafana_base)
    : await grafanaOf(deps, claim.user_id);
  if (!target) await useBuiltIn(deps.db, claim);
  else if (grafana_base !== target.base) {
    const url = publicUrl(target, `/d/${dashboardUid(deps.installation, claim.id)}`);
    await useGrafana(deps.db, claim, target.base, url);
  }
  return target;
}

async function readBoard(
  deps: WorkspaceDeps,
  claim: Claim,
  opened: OpenWorkspace,
  in_grafana: boolean,
) {
  const { installation } = deps;
  const { id, user_id, username, kind, schema_name, table_name } = claim;
  const correction = await findCorrection(deps.db, claim);
  return await asReader(opened, kind, async (reader) => {
    const facts = await readTable(reader, schema_name, table_name, kind, correction);
    const composed = await composeChosen(deps, reader, facts, {
      uid: dashboardUid(installation, id),
      title: schema_name === "public" ? table_name : `${schema_name}.${table_name}`,
      tags: ["dashkeeper", kind, username],
      datasource: { type: "postgres", uid: datasourceUid(installation, user_id, kind) },
    }, { id, user_id, in_grafana });
    return { ...composed, ...await summaryOf(deps, reader, facts, claim) };
  });
}

/** Keeps the board without numbers when a query is slow or refused. Throws when the server is unavailable. */
async function summaryOf(
  { db, log }: WorkspaceDeps,
  reader: Sql,
  facts: TableFacts,
  { id, run }: Claim,
): Promise<{ summary: Summary; error: string | null }> {
  const kept = await findKept(db, { id, run });
  try {
    return { summary: await summarize(reader, facts, kept), error: null };
  } catch (error) {
    const state = sqlState(error);
    // 53…: the query may fill a disk or quota each time; do not retry it forever.
    if (isUnavailable(error) && !state?.startsWith("53")) throw error;
    const what = state ?? (error instanceof Error ? error.name : "unknown error");
    log.warn("A run has no numbers: a query failed.", { dashboard_id: id, run, code: what });
    const why = state === "57014"
      ? "reading the table took too long"
      : `PostgreSQL refused (${what})`;
    return {
      summary: { numbers: [], why: null, run_names: {}, runs: [] },
      error: `The numbers could not be computed: ${why}. The next capture retries.`,
    };
  }
}
