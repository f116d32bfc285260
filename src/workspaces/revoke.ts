import type { Finding } from "./inspect.ts";
import { databaseName, KINDS, ownerRole, readerRole } from "./names.ts";
import type { Servers } from "./servers.ts";
import type * as store from "./store.ts";

export const isMissing = (findings: Finding[], database: string) =>
  findings.some(({ what, found }) => what === `database ${database}` && found === "missing");

/** Revokes rights of the roles beside our own, memberships either way, and rights of other roles. */
export async function revokeExtras(
  deps: { servers: Servers },
  { username, server: name }: store.Workspace,
  findings: Finding[],
) {
  const { master } = deps.servers.of(name);
  const [owner, reader] = [ownerRole(username), readerRole(username)];
  const roles = await master<{ role: string; group: string }[]>`
    select r.rolname::text as role, g.rolname::text as "group"
    from pg_auth_members m join pg_roles g on g.oid = m.roleid join pg_roles r on r.oid = m.member
    where r.rolname::text = any(${[owner, reader]})
      or g.rolname::text = any(${[owner, reader]}) and r.rolname <> current_user`;
  for (const { role, group } of roles) await master`revoke ${master(group)} from ${master(role)}`;
  for (const role of [owner, reader]) {
    const rights = findings.find(({ what, expected }) =>
      what === `role ${role}` && expected === "no rights of its own"
    );
    if (!rights) continue;
    const without = rights.found.split(", ").map((right) => `NO${right}`).join(" ");
    await master`alter role ${master(role)} ${master.unsafe(without)}`;
  }
  for (const kind of KINDS) {
    const database = databaseName(username, kind);
    if (isMissing(findings, database)) continue;
    const others = await master<{ name: string }[]>`
      select distinct pg_get_userbyid(a.grantee)::text as name
      from pg_database d, aclexplode(d.datacl) a
      where d.datname = ${database} and a.grantee <> 0
        and pg_get_userbyid(a.grantee) not in (${owner}, ${reader})`;
    for (const other of others) {
      await master`revoke all on database ${master(database)} from ${master(other.name)}`;
    }
    if (
      findings.some(({ what, expected }) =>
        what === `database ${database}` && expected === "takes connections"
      )
    ) await master`alter database ${master(database)} with allow_connections true`;
  }
}
