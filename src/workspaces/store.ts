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

/** A workspace that is not ready yet, the one that waits longest for its next attempt first. */
export async function unfinishedWorkspaces(db: Db): Promise<Workspace[]> {
  return await db<Workspace[]>`
    select w.user_id, u.username, w.owner_password, w.reader_password
    from workspaces w join users u on u.id = w.user_id
    where w.ready_at is null and u.is_active order by w.user_id`;
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
