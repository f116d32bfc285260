import type { Db } from "../external/postgres/postgres.ts";
import type { UsedTemplate } from "../templates/board.ts";
import { idIfKept } from "../templates/store.ts";
import { usernameOf } from "../users/store.ts";
import type { Kind } from "../workspaces/names.ts";
import type { Claim } from "./row.ts";

/** `board`: the JSON composed last. */
export type BoardState = {
  source: "built-in" | "grafana";
  board: unknown;
  grafana_base: string | null;
  grafana_version: number | null;
  grafana_writing: number | null;
  rewrite: boolean;
};

export const columns = (db: Db) =>
  db`source, board, grafana_base, grafana_version, grafana_writing, rewrite`;

export async function findBoardState(db: Db, id: number): Promise<BoardState> {
  const [row] = await db<BoardState[]>`select ${columns(db)} from dashboards where id = ${id}`;
  if (!row) throw new Error(`dashboard ${id} is gone`);
  return row;
}

export async function useGrafana(db: Db, { id, claim_id }: Claim, base: string, url: string) {
  await db`
    update dashboards set source = 'grafana', grafana_base = ${base}, grafana_url = ${url}
    where id = ${id} and claim_id = ${claim_id}`;
}

export async function useBuiltIn(db: Db, { id, claim_id }: Claim): Promise<void> {
  await db`
    update dashboards set source = 'built-in', grafana_base = null, grafana_url = null
    where id = ${id} and claim_id = ${claim_id}`;
}

/** Records a write over `version` before it starts. False: the claim was lost. */
export async function beginWriting(
  db: Db,
  { id, claim_id }: Claim,
  version: number,
  board: string,
): Promise<boolean> {
  const { count } = await db`
    update dashboards set grafana_writing = ${version}, board = ${board}::text::jsonb,
      grafana_archived = false
    where id = ${id} and claim_id = ${claim_id}`;
  return count === 1;
}

/** `version`: of our last write. */
export async function saveWritten(
  db: Db,
  id: number,
  { url, version, edited }: { url: string; version: number | null; edited: boolean },
): Promise<void> {
  await db`
    update dashboards set grafana_url = ${url}, grafana_version = ${version}, edited = ${edited},
      grafana_writing = null, rewrite = false, grafana_archived = false, outcome = null
    where id = ${id}`;
}

export async function recordSeen(db: Db, id: number, edited: boolean): Promise<void> {
  await db`
    update dashboards set edited = ${edited}, outcome = nullif(outcome, 'gone')
    where id = ${id} and (edited <> ${edited} or outcome = 'gone')`;
}

export type Movable = {
  id: number;
  user_id: number;
  source: "built-in" | "grafana";
  grafana_base: string | null;
};

/** Live rows that can move to another Grafana. */
export async function listMovable(db: Db, user_id: number | undefined): Promise<Movable[]> {
  return await db<Movable[]>`
    select id, user_id, source, grafana_base from dashboards
    where archived_at is null and deleted_at is null
      ${user_id === undefined ? db`` : db`and user_id = ${user_id}`}
    order by id`;
}

export async function saveBoard(db: Db, id: number, board: string): Promise<void> {
  await db`update dashboards set board = ${board}::text::jsonb where id = ${id}`;
}

export async function findBoard(db: Db, id: number) {
  const [row] = await db<
    { user_id: number; kind: Kind; board: unknown; claim_id: string | null }[]
  >`
    select user_id, kind, board, claim_id from dashboards where id = ${id} and deleted_at is null`;
  return row;
}

export async function saveTemplate(db: Db, id: number, used: UsedTemplate | null): Promise<void> {
  await db`
    update dashboards set template_id = ${idIfKept(db, used?.id ?? null)},
      template_version = ${used?.version ?? null}, template_note = ${used?.note ?? null}
    where id = ${id}`;
}

/** The template of the last board; null without one or after its removal. */
export async function findUsedTemplate(db: Db, id: number) {
  const [row] = await db<{ template_id: number | null; template_version: number | null }[]>`
    select template_id, template_version from dashboards where id = ${id}`;
  return row;
}

export type TemplateBoard = {
  id: number;
  username: string;
  kind: Kind;
  schema_name: string;
  table_name: string;
  note: string | null;
};

/** Boards whose last run used the template, newest first, at most 200. */
export async function boardsOfTemplate(
  db: Db,
  template_id: number,
  user_id?: number,
): Promise<TemplateBoard[]> {
  return await db<TemplateBoard[]>`
    select id, ${usernameOf(db, db`user_id`)} as username, kind, schema_name, table_name,
      template_note as note
    from dashboards
    where template_id = ${template_id} and deleted_at is null
      ${user_id === undefined ? db`` : db`and user_id = ${user_id}`}
    order by id desc limit 200`;
}

export async function countDashboards(db: Db, user_id: number): Promise<number> {
  const [row] = await db<{ n: number }[]>`
    select count(*) as n from dashboards where user_id = ${user_id} and deleted_at is null`;
  return row!.n;
}

export async function dashboardsInGrafana(db: Db, user_id: number) {
  return await db<{ id: number; base: string }[]>`
    select id, grafana_base as base from dashboards
    where user_id = ${user_id} and grafana_base is not null and source = 'grafana'`;
}

/** "used": the row's dashboard is at `base`; "moving": it is moving away from there. */
export async function findUse(db: Db, id: number, base: string) {
  const [row] = await db<{ use: "used" | "moving" }[]>`
    select case when grafana_base = ${base} then 'used' else 'moving' end as use from dashboards
    where id = ${id} and deleted_at is null
      and (grafana_base = ${base} or grafana_base <> ${base} and grafana_version is null)`;
  return row?.use;
}
