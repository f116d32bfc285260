import type { Db } from "../external/postgres.ts";

/** The passwords are sealed. */
export type Workspace = {
  user_id: number;
  username: string;
  owner_password: string;
  reader_password: string;
};

export async function insertWorkspace(db: Db, workspace: Omit<Workspace, "username">) {
  const { user_id, owner_password, reader_password } = workspace;
  await db`
    insert into workspaces (user_id, owner_password, reader_password)
    values (${user_id}, ${owner_password}, ${reader_password})`;
}

export async function findWorkspace(db: Db, user_id: number): Promise<Workspace | undefined> {
  const [workspace] = await db<Workspace[]>`
    select w.user_id, u.username, w.owner_password, w.reader_password
    from workspaces w join users u on u.id = w.user_id where w.user_id = ${user_id}`;
  return workspace;
}

/** Workspaces of active users that are not ready yet. */
export async function unfinishedWorkspaces(db: Db): Promise<Workspace[]> {
  return await db<Workspace[]>`
    select w.user_id, u.username, w.owner_password, w.reader_password
    from workspaces w join users u on u.id = w.user_id
    where w.ready_at is null and u.is_active order by w.user_id`;
}

/** Workspaces whose roles may log in and should not, or the other way round; and that of `user_id`. */
export async function wrongLogins(db: Db, user_id: number) {
  return await db<{ user_id: number; username: string; is_active: boolean }[]>`
    select w.user_id, u.username, u.is_active
    from workspaces w join users u on u.id = w.user_id
    where w.login <> u.is_active or w.user_id = ${user_id} order by w.user_id`;
}

export async function noteLogin(db: Db, user_id: number, login: boolean): Promise<void> {
  await db`update workspaces set login = ${login} where user_id = ${user_id}`;
}

export type Removal = { username: string; databases: "keep" | "drop" };

export async function insertRemoval(db: Db, { username, databases }: Removal): Promise<void> {
  await db`
    insert into removed_workspaces (username, databases) values (${username}, ${databases})
    on conflict (username) do update set databases = excluded.databases, removed_at = now(),
      done_at = null, last_error = null`;
}

/** Whether the databases of a user of this name are still to be dropped. */
export async function isBeingDropped(db: Db, username: string): Promise<boolean> {
  const [row] = await db`
    select 1 from removed_workspaces
    where username = ${username} and databases = 'drop' and done_at is null`;
  return row !== undefined;
}

export async function unfinishedRemovals(db: Db): Promise<Removal[]> {
  return await db<Removal[]>`
    select username, databases from removed_workspaces where done_at is null order by removed_at`;
}

/** Writes down how a removal ended; one that dropped everything leaves no trace. */
export async function noteRemoval(db: Db, removal: Removal, why: string | null): Promise<void> {
  const { username, databases } = removal;
  if (why === null && databases === "drop") {
    await db`delete from removed_workspaces where username = ${username}`;
    return;
  }
  await db`
    update removed_workspaces set last_error = ${why},
      done_at = case when ${why}::text is null then now() end
    where username = ${username}`;
}

/** Writes down how the making ended: ready, or why not yet. */
export async function noteWorkspace(db: Db, user_id: number, why: string | null): Promise<void> {
  await db`
    update workspaces set last_error = ${why},
      ready_at = case when ${why}::text is null then coalesce(ready_at, now()) end
    where user_id = ${user_id}`;
}

/** Roles and databases of these names that are there already. */
export async function takenNames(db: Db, names: string[]): Promise<string[]> {
  const rows = await db<{ name: string }[]>`
    select rolname::text as name from pg_roles where rolname::text = any(${names})
    union all
    select datname::text from pg_database where datname::text = any(${names})`;
  return rows.map(({ name }) => name);
}
