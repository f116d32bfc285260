import { NewCredential } from "../credentials/credentials.ts";
import { Username } from "../users/users.ts";
import type { Kind } from "../workspaces/names.ts";

/** A row of an older table, as JSON has it. */
export type Old = Record<string, unknown>;
export type OldRows = {
  users: Old[];
  credentials: Old[];
  dashboards: OldDashboard[];
};
type OldDashboard = { table: string; kind: Kind; row: Old };

/** `extra`: its columns that have no place here. Times are PostgreSQL's own text, to the microsecond. */
export type TakenUser = {
  old_id: string;
  username: string;
  role: "admin" | "member";
  is_active: boolean;
  created_at: string | null;
  extra: Old;
};
export type TakenCredential = {
  user: string;
  key_name: string;
  key_value: string;
  created_at: string | null;
  updated_at: string | null;
  expires_at: string | null;
  extra: Old;
};
export type TakenDashboard = {
  user: string;
  table: string;
  kind: Kind;
  old_id: number | null;
  table_name: string;
  source: string | null;
  dashboard_url: string | null;
  local_snapshot_url: string | null;
  created_at: string | null;
  slack_sent_at: string | null;
  extra: Old;
};
export type Refused = { table: string; name: string; why: string; row: Old };
export type Evaluated = {
  users: TakenUser[];
  credentials: TakenCredential[];
  dashboards: TakenDashboard[];
  refused: Refused[];
};

const textOf = (value: unknown) => value === null || value === undefined ? null : String(value);

/** Names are printed: without control characters, and not longer than a line. */
function shown(value: unknown): string {
  const text = textOf(value) ?? "";
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return /^[\w./-]+…?$/.test(short) ? short : JSON.stringify(short);
}

/** What is left of a row without the columns that were used, and without empty ones. */
function others(row: Old, used: string[]): Old {
  return Object.fromEntries(
    Object.entries(row).filter(([name, value]) => value !== null && !used.includes(name)),
  );
}

function timeOf(value: unknown): string | null {
  const text = textOf(value);
  return text !== null && Number.isNaN(Date.parse(text)) ? null : text;
}

function counted<T>(all: T[], key: (one: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(key(one), (counts.get(key(one)) ?? 0) + 1);
  return counts;
}

/** What of an older installation can be taken over, and why the rest cannot. */
export function evaluate(old: OldRows): Evaluated {
  const refused: Refused[] = [];
  const users = evaluateUsers(old.users, refused);
  const owners = new Map(users.map((user) => [user.old_id, user]));
  const known = new Map(old.users.map((row) => [textOf(row.id), shown(row.username)]));
  const whose = (id: unknown) => {
    const name = known.get(textOf(id));
    if (name === undefined) return `there is no user ${shown(id)}`;
    return owners.has(String(id)) ? undefined : `its user ${name} is refused`;
  };
  const credentials = evaluateCredentials(old.credentials, whose, owners, known, refused);
  const dashboards = evaluateDashboards(old.dashboards, whose, owners, refused);
  return { users, credentials, dashboards, refused };
}

const USER_COLUMNS = [
  ...["id", "username", "role", "is_admin", "is_active", "created_at"],
  ...["api_key_plain", "api_key_hash"],
];

function evaluateUsers(rows: Old[], refused: Refused[]): TakenUser[] {
  const names = counted(rows, (row) => textOf(row.username) ?? "");
  const alike = counted(rows, (row) => (textOf(row.username) ?? "").toLowerCase());
  const ids = counted(rows, (row) => textOf(row.id) ?? "");
  const why = (row: Old) => {
    const name = textOf(row.username) ?? "";
    const { error } = Username.safeParse(name);
    const twin = alike.get(name.toLowerCase())! > names.get(name)!;
    if (error) {
      const more = twin ? " Another user's name differs by case alone." : "";
      return `${error.issues[0]!.message}${more}`;
    }
    if (names.get(name)! > 1) return `${names.get(name)} users have this name`;
    if (row.id === null || row.id === undefined) return "it has no id";
    if (ids.get(String(row.id))! > 1) return `${ids.get(String(row.id))} users have its id`;
  };
  return rows.flatMap((row) => {
    const reason = why(row);
    if (reason) {
      refused.push({ table: "users", name: shown(row.username), why: reason, row });
      return [];
    }
    return [{
      old_id: String(row.id),
      username: String(row.username),
      role: row.role === "admin" || row.is_admin === true ? "admin" as const : "member" as const,
      is_active: row.is_active !== false,
      created_at: timeOf(row.created_at),
      extra: others(row, USER_COLUMNS),
    }];
  });
}

const CREDENTIAL_COLUMNS = [
  ...["id", "user_id", "key_name", "key_value", "created_at", "updated_at", "expires_at"],
];

type Owners = Map<string, TakenUser>;
type Whose = (id: unknown) => string | undefined;

function evaluateCredentials(
  rows: Old[],
  whose: Whose,
  owners: Owners,
  known: Map<string | null, string>,
  refused: Refused[],
): TakenCredential[] {
  const key = ({ user_id, key_name }: Old) => JSON.stringify([textOf(user_id), textOf(key_name)]);
  const same = counted(rows, key);
  const why = (row: Old) => {
    const { key_name, key_value } = row;
    const { error } = NewCredential.safeParse({ key_name, key_value: key_value ?? "" });
    const issue = error?.issues[0];
    if (issue) return issue.path[0] === "key_value" ? `its value ${issue.message}` : issue.message;
    if (same.get(key(row))! > 1) return `${same.get(key(row))} credentials have this name`;
    return whose(row.user_id);
  };
  return rows.flatMap((row) => {
    const reason = why(row);
    if (reason) {
      const owner = known.get(textOf(row.user_id)) ?? "?";
      const name = `${owner}/${shown(row.key_name)}`;
      refused.push({ table: "credentials", name, why: reason, row });
      return [];
    }
    return [{
      user: owners.get(String(row.user_id))!.username,
      key_name: String(row.key_name),
      key_value: String(row.key_value),
      created_at: timeOf(row.created_at),
      updated_at: timeOf(row.updated_at) ?? timeOf(row.created_at),
      expires_at: timeOf(row.expires_at),
      extra: others(row, CREDENTIAL_COLUMNS),
    }];
  });
}

const DASHBOARD_COLUMNS = [
  ...["id", "user_id", "username", "table_name", "dashboard_url", "local_snapshot_url", "source"],
  ...["created_at", "app_user_id", "app_username", "slack_sent_at"],
];

const ownerIdOf = ({ user_id, app_user_id }: Old) => user_id ?? app_user_id;

function evaluateDashboards(
  rows: OldDashboard[],
  whose: Whose,
  owners: Owners,
  refused: Refused[],
): TakenDashboard[] {
  const key = ({ kind, row }: OldDashboard) =>
    JSON.stringify([kind, textOf(ownerIdOf(row)), textOf(row.table_name)]);
  const newest = newestOf(rows, key);
  return rows.flatMap((one) => {
    const { table, row } = one;
    const reason = faultOf(row, whose, owners) ??
      (newest.get(key(one)) === one ? undefined : "a newer row is of this table");
    if (reason) {
      const name = `${shown(row.username ?? ownerIdOf(row))}/${shown(row.table_name)}`;
      refused.push({ table, name, why: reason, row });
      return [];
    }
    return [taken(one, owners.get(String(ownerIdOf(row)))!.username)];
  });
}

function faultOf(row: Old, whose: Whose, owners: Owners): string | undefined {
  if (!row.table_name) return "it names no table";
  const id = ownerIdOf(row);
  const reason = whose(id);
  if (reason) return reason;
  const { username } = owners.get(String(id))!;
  const named = [row.username, row.app_username].map((name) => textOf(name) ?? username);
  if (String(row.app_user_id ?? id) !== String(id) || named.some((name) => name !== username)) {
    return "its columns name two users";
  }
  if (row.slack_sent_at && !timeOf(row.slack_sent_at)) return "its slack_sent_at is no time";
}

function taken({ table, kind, row }: OldDashboard, user: string): TakenDashboard {
  return {
    user,
    table,
    kind,
    old_id: Number.isSafeInteger(row.id) ? Number(row.id) : null,
    table_name: String(row.table_name),
    source: textOf(row.source),
    dashboard_url: textOf(row.dashboard_url),
    local_snapshot_url: textOf(row.local_snapshot_url),
    created_at: timeOf(row.created_at),
    slack_sent_at: timeOf(row.slack_sent_at),
    extra: others(row, DASHBOARD_COLUMNS),
  };
}

/** Of several rows of one table, the one that was made last. */
function newestOf(rows: OldDashboard[], key: (one: OldDashboard) => string) {
  const age = ({ row }: OldDashboard) => Date.parse(timeOf(row.created_at) ?? "") || 0;
  const newest = new Map<string, OldDashboard>();
  for (const one of rows) {
    const before = newest.get(key(one));
    if (!before || age(one) >= age(before)) newest.set(key(one), one);
  }
  return newest;
}
