import { hasCredential } from "../credentials/store.ts";
import { backoff } from "../external/postgres/backoff.ts";
import { LOCKS, withLock } from "../external/postgres/lock.ts";
import type { Db, Fragment, Sql } from "../external/postgres/postgres.ts";
import { limitConcurrency } from "../external/semaphore.ts";
import type { Finding } from "./inspect.ts";
import type { Kind } from "./names.ts";

/** The passwords are sealed. */
export type Workspace = {
  user_id: number;
  username: string;
  server: string;
  is_active: boolean;
  owner_password: string;
  reader_password: string;
  next_owner_password: string | null;
  next_reader_password: string | null;
};

const columns = (db: Db) =>
  db`w.user_id, u.username, w.server, u.is_active, w.owner_password, w.reader_password,
    w.next_owner_password, w.next_reader_password`;

/** Whether a user's workspace is ready on a server, as a condition; both are SQL. */
export const isReadyOn = (db: Db, user_id: Fragment, server: Fragment): Fragment =>
  db`exists (select from workspaces w
    where w.user_id = ${user_id} and w.server = ${server} and w.ready_at is not null)`;

export async function insertWorkspace(
  db: Db,
  workspace: Pick<Workspace, "user_id" | "server" | "owner_password" | "reader_password">,
  steps: string[],
): Promise<void> {
  const { user_id, server, owner_password, reader_password } = workspace;
  await db`
    insert into workspaces (user_id, username, server, owner_password, reader_password)
    select id, username, ${server}, ${owner_password}, ${reader_password} from users
    where id = ${user_id}`;
  await db`
    insert into workspace_steps (user_id, position, name)
    select ${user_id}, ordinality, name from unnest(${steps}::text[]) with ordinality s (name)`;
}

export async function findWorkspace(db: Db, user_id: number): Promise<Workspace | undefined> {
  const [workspace] = await db<Workspace[]>`
    select ${columns(db)} from workspaces w join users u on u.id = w.user_id
    where w.user_id = ${user_id}`;
  return workspace;
}

export type StepRow = {
  name: string;
  state: "pending" | "done" | "failed";
  attempts: number;
  message: string | null;
};

export async function stepsOf(db: Db, user_id: number): Promise<StepRow[]> {
  return await db<StepRow[]>`
    select name, state, attempts, message from workspace_steps
    where user_id = ${user_id} order by position`;
}

/** `planned`: how often the step was reset. */
export type StepLeft = { name: string; planned: number };

export async function stepsLeft(db: Db, user_id: number): Promise<StepLeft[]> {
  return await db<StepLeft[]>`
    select name, planned from workspace_steps
    where user_id = ${user_id} and state <> 'done' order by position`;
}

export async function isEncrypted(master: Db): Promise<boolean> {
  const [row] = await master<{ ssl: boolean }[]>`
    select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
  return row?.ssl ?? false;
}

/**
 * A pending step waits for the back-off, at least `wait_seconds`. A step that was reset since it was read
 * keeps its state: what it used may have changed.
 */
export async function recordStep(
  db: Db,
  user_id: number,
  { name, planned }: StepLeft,
  state: StepRow["state"],
  message: string | null,
  wait_seconds = 0,
): Promise<void> {
  await db`
    update workspace_steps set state = ${state}, message = ${message}, attempts = attempts + 1,
      next_try_at = now() + ${backoff(db, "attempts", wait_seconds)}
    where user_id = ${user_id} and name = ${name} and planned = ${planned}`;
}

export async function resetSteps(db: Db, user_id: number, names: string[]): Promise<void> {
  await db`
    update workspace_steps
    set state = 'pending', message = null, next_try_at = now(), planned = planned + 1
    where user_id = ${user_id} and name = any(${names})`;
}

const FIRST_POSITION = 20;

/** Adds steps after those on the server; existing ones start again. */
export async function addSteps(db: Db, user_id: number, names: string[]): Promise<void> {
  await db`
    insert into workspace_steps (user_id, position, name)
    select ${user_id}, ${FIRST_POSITION} + ordinality, name
    from unnest(${names}::text[]) with ordinality s (name)
    where exists (select from workspaces where user_id = ${user_id})
    on conflict (user_id, name) do update set state = 'pending', message = null, next_try_at = now(),
      planned = workspace_steps.planned + 1`;
}

/** The same for all workspaces: resets failed steps, and those of users for whom `isDone` does not hold. */
export async function addAllSteps(
  db: Db,
  names: string[],
  isDone: (user_id: Fragment) => Fragment,
): Promise<void> {
  await db`
    insert into workspace_steps (user_id, position, name)
    select w.user_id, ${FIRST_POSITION} + ordinality, s.name
    from workspaces w cross join unnest(${names}::text[]) with ordinality s (name)
    on conflict do nothing`;
  await db`
    update workspace_steps s
    set state = 'pending', message = null, next_try_at = now(), planned = planned + 1
    where name = any(${names}) and state <> 'pending'
      and (state = 'failed' or not ${isDone(db`s.user_id`)})`;
}

/** Deletes unfinished steps of users for whom `isKept` does not hold. */
export async function dropSteps(
  db: Db,
  names: string[],
  isKept: (user_id: Fragment) => Fragment,
): Promise<void> {
  await db`
    delete from workspace_steps s
    where name = any(${names}) and state <> 'done' and not ${isKept(db`s.user_id`)}`;
}

export async function recordStepDone(db: Db, user_id: number, name: string): Promise<void> {
  await db`
    update workspace_steps set state = 'done', message = null
    where user_id = ${user_id} and name = ${name} and state <> 'done'`;
}

export async function markReady(db: Db, user_id: number): Promise<void> {
  await db`
    update workspaces set ready_at = coalesce(ready_at, now()), last_error = null
    where user_id = ${user_id}`;
}

/** Of each active user the first step that is not done. */
const nextSteps = (db: Db) =>
  db`select distinct on (w.user_id) w.user_id, u.username, w.server, s.state, s.next_try_at,
      s.name
    from workspaces w join users u on u.id = w.user_id and u.is_active
      join workspace_steps s on s.user_id = w.user_id and s.state <> 'done'
    order by w.user_id, s.position`;

type Owner = Pick<Workspace, "user_id" | "username" | "server">;

/** Workspaces with a step that is due, or with all done and not yet marked ready. */
export async function unfinishedWorkspaces(db: Db) {
  return await db<(Owner & { step: string | null; has_own_grafana: boolean })[]>`
    select user_id, username, server, name as step, ${
    hasCredential(db, db`s.user_id`, ["GRAFANA_BASE_URL", "GRAFANA_API_KEY"])
  } as has_own_grafana
    from (${nextSteps(db)}) s
    where state = 'pending' and next_try_at <= now()
    union all
    select w.user_id, u.username, w.server, null, false
    from workspaces w join users u on u.id = w.user_id and u.is_active
    where w.ready_at is null and not exists (
      select from workspace_steps s where s.user_id = w.user_id and s.state <> 'done')
    order by user_id`;
}

/** Milliseconds; undefined: none is pending. */
export async function nextStepTry(db: Db): Promise<number | undefined> {
  const [row] = await db<{ ms: number | null }[]>`
    select extract(epoch from min(next_try_at) - now())::float8 * 1000 as ms
    from (${nextSteps(db)}) s where state = 'pending'`;
  return row?.ms ?? undefined;
}

/** Each holds a connection of the pool of 20 while it works; those of other servers half as many. */
const MOST_HELD = 4;
const semaphores = new Map<string, ReturnType<typeof limitConcurrency>>();

/** One process at a time works on the workspace of this name, also when its user is gone. */
export function lockWorkspace<T>(
  db: Sql,
  { server, username }: Pick<Workspace, "server" | "username">,
  work: () => Promise<T>,
): Promise<T> {
  const withPermit = semaphores.get(server) ??
    limitConcurrency(server === "" ? MOST_HELD : MOST_HELD / 2);
  semaphores.set(server, withPermit);
  return withPermit(() => withLock(db, { text: username, seed: LOCKS.workspace }, work));
}

export async function workspacesByServer(db: Db): Promise<Map<string, number>> {
  const rows = await db<{ server: string; count: number }[]>`
    select server, count(*) from workspaces group by server`;
  return new Map(rows.map(({ server, count }) => [server, count]));
}

/** Workspaces whose roles may log in and should not, or the reverse, from two short indexes. */
export async function wrongLogins(db: Db) {
  return await db<{ user_id: number; server: string }[]>`
    with shut_out (id) as (select id from users where not is_active),
      locked (id) as (select user_id from workspaces where not login)
    select user_id, server from workspaces
    where user_id in (
      (select id from shut_out except select id from locked)
      union all (select id from locked except select id from shut_out))
    order by user_id`;
}

export async function recordLogin(db: Db, user_id: number, login: boolean): Promise<void> {
  await db`update workspaces set login = ${login} where user_id = ${user_id}`;
}

export async function keepNextPasswords(db: Db, user_id: number, owner: string, reader: string) {
  await db`
    update workspaces set next_owner_password = ${owner}, next_reader_password = ${reader}
    where user_id = ${user_id}`;
}

export async function takeNextPasswords(db: Db, user_id: number): Promise<void> {
  await db`
    update workspaces set owner_password = next_owner_password,
      reader_password = next_reader_password, next_owner_password = null,
      next_reader_password = null
    where user_id = ${user_id} and next_owner_password is not null`;
}

export async function unfinishedPasswords(db: Db): Promise<Workspace[]> {
  return await db<Workspace[]>`
    select ${columns(db)} from workspaces w join users u on u.id = w.user_id
    where w.next_owner_password is not null order by w.user_id`;
}

/** `bytes`: null keeps what is known. */
export async function recordCheck(
  db: Db,
  user_id: number,
  findings: unknown,
  bytes: number | null = null,
): Promise<void> {
  await db`
    update workspaces set checked_at = now(), findings = ${JSON.stringify(findings)}::text::jsonb,
      bytes = coalesce(${bytes}, bytes)
    where user_id = ${user_id}`;
}

export type WorkspaceState = "ready" | "pending" | "failed";

/** Whether a user's workspace is in a state, as a condition on `users`. */
export const isInState = (db: Db, state: WorkspaceState): Fragment =>
  // By name, so that the unique index by state and name is read in the order of the list.
  db`exists (select from workspaces w where w.username = users.username and w.state = ${state})`;

export type WorkspaceFacts = { state: WorkspaceState; bytes: number | null };

/** Of those of the users who have a workspace. */
export async function factsOf(db: Db, user_ids: number[]): Promise<Map<number, WorkspaceFacts>> {
  const rows = await db<(WorkspaceFacts & { user_id: number })[]>`
    select user_id, bytes, state from workspaces where user_id = any(${user_ids}::bigint[])`;
  return new Map(rows.map(({ user_id, ...facts }) => [user_id, facts]));
}

/** Of each server, the ready workspaces that were not checked for a day, the longest unchecked first. */
export async function uncheckedWorkspaces(db: Db, servers: string[], limit: number) {
  return await db<Workspace[]>`
    select ${columns(db)} from unnest(${servers}::text[]) s (name) cross join lateral (
      select * from workspaces
      where server = s.name and ready_at is not null
        and (checked_at is null or checked_at < now() - interval '23 hours')
      order by checked_at nulls first limit ${limit}) w
    join users u on u.id = w.user_id and u.is_active`;
}

export type Orphan = {
  name: string;
  username: string;
  kind: Kind;
  server: string;
  created_at: string;
};

export async function insertOrphan(db: Db, orphan: Omit<Orphan, "created_at">): Promise<void> {
  const { name, username, kind, server } = orphan;
  await db`
    insert into orphans (name, username, kind, server)
    values (${name}, ${username}, ${kind}, ${server}) on conflict (name) do nothing`;
}

export async function listOrphans(db: Db): Promise<Orphan[]> {
  return await db<Orphan[]>`
    select name, username, kind, server, created_at from orphans order by name`;
}

export async function orphansOf(db: Db, username: string): Promise<Orphan[]> {
  return await db<Orphan[]>`
    select name, username, kind, server, created_at from orphans
    where username = ${username} order by name`;
}

export async function findOrphan(db: Db, name: string): Promise<Orphan | undefined> {
  const [orphan] = await db<Orphan[]>`
    select name, username, kind, server, created_at from orphans where name = ${name}`;
  return orphan;
}

export async function deleteOrphan(db: Db, name: string): Promise<void> {
  await db`delete from orphans where name = ${name}`;
}

export async function deleteOrphansOf(db: Db, username: string): Promise<void> {
  await db`delete from orphans where username = ${username}`;
}

export async function takenNames(db: Db, names: string[]): Promise<string[]> {
  const rows = await db<{ name: string }[]>`
    select rolname::text as name from pg_roles where rolname::text = any(${names})
    union all
    select datname::text from pg_database where datname::text = any(${names})`;
  return rows.map(({ name }) => name);
}

export async function databaseSizes(master: Db, names: string[]): Promise<Map<string, number>> {
  const rows = await master<{ name: string; bytes: number }[]>`
    select datname::text as name, pg_database_size(oid) as bytes
    from pg_database where datname::text = any(${names})`;
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

export async function lastCheck(db: Db, user_id: number) {
  const [row] = await db<{ checked_at: string | null; findings: Finding[] | null }[]>`
    select checked_at, findings from workspaces where user_id = ${user_id}`;
  return { checked_at: row?.checked_at ?? null, findings: row?.findings ?? [] };
}

export async function workspacesOn(db: Db, server: string) {
  return await db<{ user_id: number; username: string }[]>`
    select w.user_id, u.username from workspaces w join users u on u.id = w.user_id
    where w.server = ${server} order by w.user_id`;
}

/** Failed steps with their users, at most `limit`. */
export async function failedWorkspaces(db: Db, limit: number) {
  return await db<{ user_id: number; username: string; name: string; message: string | null }[]>`
    select w.user_id, w.username, s.name, s.message
    from workspaces w join workspace_steps s on s.user_id = w.user_id
    where w.state = 'failed' and s.state = 'failed' order by w.username, s.position limit ${limit}`;
}
