import { z } from "@hono/zod-openapi";
import { connectToUserDatabase, type Sql, sqlState } from "../external/postgres/postgres.ts";
import { databaseName, type Kind, KINDS, ownerRole, readerRole } from "./names.ts";
import { asOwner, connectionLimits, type Passwords } from "./provision.ts";
import type { WorkspaceServer } from "./servers.ts";

export const Check = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({
    what: z.string().openapi({ example: "role ada_reader" }),
    expected: z.string().openapi({ example: "may log in" }),
    found: z.string().openapi({ example: "may not log in" }),
  })),
}).openapi("Check");

export type Finding = { what: string; expected: string; found: string };

type Subject = {
  server: WorkspaceServer;
  username: string;
  tag: string;
  is_active: boolean;
  passwords: Passwords;
};

/** Compares a workspace's roles, databases and grants with what should be. Changes nothing. */
export async function inspect(subject: Subject): Promise<Finding[]> {
  const roles = await inspectRoles(subject);
  const findings = [...roles];
  const canEnter = subject.is_active && roles.every(isConnectionLimit);
  for (const kind of KINDS) {
    const outside = await inspectDatabase(subject, kind);
    findings.push(...outside);
    const open = !outside.some(({ found }) => found === "missing" || found === "takes none");
    if (open && canEnter) findings.push(...await inspectInside(subject, kind));
  }
  return findings;
}

const READER_SETTINGS = ["statement_timeout", "default_transaction_read_only"];

type RoleRow = {
  rolname: string;
  rolcanlogin: boolean;
  tag: string | null;
  rights: string[];
  member_of: string[];
  granted_to: string[];
  settings: string[];
  connections: number;
};

const isConnectionLimit = ({ expected }: Finding) => /^at most \d+ connections$/.test(expected);

async function inspectRoles(subject: Subject): Promise<Finding[]> {
  const { server, username } = subject;
  const limits = await connectionLimits(server);
  const [owner, reader] = [ownerRole(username), readerRole(username)];
  const rows = await readRoles(server.master, [owner, reader]);
  const inspectRole = (name: string, limit: number, settings: string[]) => {
    const row = rows.find(({ rolname }) => rolname === name);
    const findings = row
      ? differencesOf(row, subject, limit, settings)
      : [{ expected: "there", found: "missing" }];
    return findings.map((finding) => ({ what: `role ${name}`, ...finding }));
  };
  return [
    ...inspectRole(owner, limits.owner, []),
    ...inspectRole(reader, limits.reader, READER_SETTINGS),
  ];
}

const readRoles = (master: Sql, names: string[]) =>
  master<RoleRow[]>`
    select r.rolname::text, r.rolcanlogin, shobj_description(r.oid, 'pg_authid') as tag,
      array_remove(array[
        case when r.rolsuper then 'SUPERUSER' end, case when r.rolcreatedb then 'CREATEDB' end,
        case when r.rolcreaterole then 'CREATEROLE' end, case when r.rolbypassrls then 'BYPASSRLS' end,
        case when r.rolreplication then 'REPLICATION' end], null) as rights,
      array(select g.rolname::text from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = r.oid) as member_of,
      array(select distinct o.rolname::text from pg_auth_members m join pg_roles o on o.oid = m.member
        where m.roleid = r.oid and o.rolname <> current_user order by 1) as granted_to,
      coalesce(r.rolconfig, '{}') as settings, r.rolconnlimit as connections
    from pg_roles r where r.rolname::text = any(${names})`;

function differencesOf(
  row: RoleRow,
  { tag, is_active }: Subject,
  limit: number,
  settings: string[],
): Omit<Finding, "what">[] {
  const login = (may: boolean) => may ? "may log in" : "may not log in";
  const connections = row.connections < 0 ? "no limit" : `at most ${row.connections}`;
  const checks: [isRight: boolean, expected: string, found: string][] = [
    [row.tag === tag, "Dashkeeper's", "somebody else's: its comment is not ours"],
    [row.rolcanlogin === is_active, login(is_active), login(row.rolcanlogin)],
    [row.connections === limit, `at most ${limit} connections`, connections],
    [row.rights.length === 0, "no rights of its own", row.rights.join(", ")],
    [row.granted_to.length === 0, "granted to nobody", `granted to ${row.granted_to.join(", ")}`],
    [row.member_of.length === 0, "member of no role", `member of ${row.member_of.join(", ")}`],
    ...settings.map((setting): [boolean, string, string] => [
      row.settings.some((text) => text.startsWith(`${setting}=`)),
      `a ${setting}`,
      "none",
    ]),
  ];
  return checks.filter(([isRight]) => !isRight).map(([, expected, found]) => ({ expected, found }));
}

type DatabaseRow = { owner: string; others: string[]; reader: boolean; connects: boolean };

async function inspectDatabase({ server: { master }, username }: Subject, kind: Kind) {
  const name = databaseName(username, kind);
  const what = `database ${name}`;
  const [owner, reader] = [ownerRole(username), readerRole(username)];
  const [row] = await master<DatabaseRow[]>`
    select pg_get_userbyid(d.datdba)::text as owner, d.datallowconn as connects,
      array(select distinct case when a.grantee = 0 then 'PUBLIC' else pg_get_userbyid(a.grantee)::text end
        from aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
        where a.grantee = 0 or pg_get_userbyid(a.grantee) not in (${owner}, ${reader})) as others,
      exists (select from aclexplode(d.datacl) a
        where pg_get_userbyid(a.grantee) = ${reader} and a.privilege_type = 'CONNECT') as reader
    from pg_database d where d.datname = ${name}`;
  if (!row) return [{ what, expected: "there", found: "missing" }];
  const findings: Finding[] = [];
  const say = (expected: string, found: string) => findings.push({ what, expected, found });
  if (row.owner !== owner) say(`owned by ${owner}`, `owned by ${row.owner}`);
  if (!row.connects) say("takes connections", "takes none");
  if (row.others.length > 0) {
    say(`granted to ${owner} and ${reader} alone`, `also to ${row.others.join(", ")}`);
  }
  if (!row.reader) say(`${reader} may connect`, `${reader} may not connect`);
  return findings;
}

async function inspectInside(subject: Subject, kind: Kind): Promise<Finding[]> {
  const { server, username, passwords } = subject;
  const reader = readerRole(username);
  const what = `database ${databaseName(username, kind)}`;
  const findings = await Promise.all([
    loginFinding(server, ownerRole(username), passwords.owner, username, kind),
    loginFinding(server, reader, passwords.reader, username, kind),
  ]);
  const refused = findings.filter((finding) => finding !== undefined);
  if (refused.length > 0) return refused;
  const hidden = await asOwner(
    server,
    username,
    kind,
    passwords,
    (inside) => unread(inside, reader),
  );
  return hidden.map((found) => ({ what, expected: `${reader} reads everything`, found }));
}

async function loginFinding(
  { address, withPermit }: WorkspaceServer,
  user: string,
  password: string,
  username: string,
  kind: Kind,
): Promise<Finding | undefined> {
  const database = databaseName(username, kind);
  return await withPermit(async () => {
    const db = connectToUserDatabase({ ...address, user, password, database });
    try {
      await db`select 1`;
      return undefined;
    } catch (error) {
      const code = sqlState(error);
      if (code !== "28P01" && code !== "28000" && code !== "42501") throw error;
      return { what: `role ${user}`, expected: `logs in to ${database}`, found: "is refused" };
    } finally {
      await db.end({ timeout: 1 });
    }
  });
}

/** What of the owner's the reader cannot read: at most ten tables, and missing default privileges. */
async function unread(inside: Sql, reader: string): Promise<string[]> {
  const rows = await inside<{ found: string }[]>`
    (select 'not ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname) as found
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and c.relpersistence <> 't' and pg_has_role(c.relowner, 'USAGE')
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not (has_table_privilege(${reader}, c.oid, 'SELECT')
        and has_schema_privilege(${reader}, n.oid, 'USAGE'))
    order by 1 limit 10)
    union all
    select 'not what will be made later: default privileges are missing'
    where (select count(*) from pg_default_acl d, aclexplode(d.defaclacl) a
      where pg_get_userbyid(d.defaclrole) = current_user and d.defaclnamespace = 0
        and pg_get_userbyid(a.grantee) = ${reader}
        and (d.defaclobjtype, a.privilege_type) in (('r', 'SELECT'), ('n', 'USAGE'))) < 2`;
  return rows.map(({ found }) => found);
}
