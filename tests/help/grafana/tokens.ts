import { createMiddleware } from "hono/factory";
import { Refusal, type State } from "./state.ts";

export type Role = "Admin" | "Editor" | "Viewer";
/** Action -> scopes, as /api/access-control/user/permissions lists them. */
export type Permissions = Record<string, string[]>;
export type Token = {
  value: string;
  rights: Role | Permissions;
  state: "good" | "revoked" | "expired";
  /** Its rights as Grafana remembers them, and until when (ms). */
  remembered?: { permissions: Permissions; until: number };
};
export type Env = { Variables: { token: Token; may: May } };
/** Whether the caller may do the action, in one of the scopes if any are given. */
export type May = (action: string, ...scopes: string[]) => boolean;

/** The roles as 9.4 lists them; a lower role's rights on single folders and dashboards come on top. */
const VIEWER = granted(`
  datasources:* alert.instances.external:read alert.notifications.external:read
  datasources:* alert.rules.external:read datasources.id:read datasources:query datasources:read
  folders:* alert.instances:read alert.rules:read
  annotations:type:dashboard annotations:create annotations:delete annotations:write
  annotations:* annotations:read
  plugins:* plugins.app:access
  - alert.notifications:read orgs.quotas:read orgs:read
`);
const EDITOR = granted(
  `
  datasources:* alert.instances.external:write alert.notifications.external:write
  datasources:* alert.rules.external:write
  folders:* alert.rules:create alert.rules:delete alert.rules:write
  annotations:* annotations:create annotations:delete annotations:write
  - alert.instances:create alert.instances:write alert.notifications:write datasources:explore
  - folders:create
`,
  VIEWER,
);
const ADMIN = granted(
  `
  dashboards:* dashboards.permissions:read dashboards.permissions:write dashboards.public:write
  dashboards:* dashboards:delete dashboards:read dashboards:write
  folders:* dashboards:create dashboards:delete dashboards:read dashboards:write
  folders:* dashboards.permissions:read dashboards.permissions:write folders.permissions:read
  folders:* folders.permissions:write folders:delete folders:read folders:write
  datasources:* datasources:delete datasources:write
  apikeys:* apikeys:delete apikeys:read
  plugins:* plugins:write
  users:* org.users:add org.users:read org.users:remove org.users:write users.permissions:read
  serviceaccounts:* serviceaccounts.permissions:read serviceaccounts.permissions:write
  serviceaccounts:* serviceaccounts:delete serviceaccounts:read serviceaccounts:write
  teams:* teams.permissions:read teams.permissions:write teams:delete teams:read teams:write
  - alert.provisioning:read alert.provisioning:write apikeys:create datasources:create
  - orgs.preferences:read orgs.preferences:write orgs:write serviceaccounts:create teams:create
`,
  EDITOR,
);

/** Reads lines `scope action action …` ("-": without a scope), on top of what a lower role may. */
function granted(lines: string, base: Permissions = {}): Permissions {
  const all = structuredClone(base);
  for (const line of lines.trim().split("\n")) {
    const [scope, ...actions] = line.trim().split(" ");
    for (const action of actions) (all[action] ??= []).push(scope === "-" ? "" : scope!);
  }
  return all;
}

/** The organisation's service account tokens. */
export class Tokens {
  #all = new Map<string, Token>();

  /** `rights`: a role, or exactly what the token may do. */
  add(rights: Role | Permissions): string {
    const random = () => crypto.randomUUID().replaceAll("-", "");
    const value = `glsa_${random()}_${random().slice(0, 8)}`;
    this.#all.set(value, { value, rights, state: "good" });
    return value;
  }

  set(value: string, state: Token["state"]) {
    const token = this.#all.get(value);
    if (!token) throw new Error("There is no such token.");
    token.state = state;
  }

  /** What Grafana remembers of everybody's rights is looked up again. */
  forgetRights() {
    for (const token of this.#all.values()) delete token.remembered;
  }

  /** Throws Refusal for a header without a good token. */
  find(header: string | null): Token {
    if (!header) throw new Refusal(401, { message: "Unauthorized" });
    const token = this.#all.get(header.replace(/^Bearer /i, ""));
    if (token?.state === "expired") throw new Refusal(401, { message: "Expired API key" });
    if (token?.state === "good") return token;
    // A revoked key: as recorded, an internal error with the words for an unknown one.
    throw new Refusal(token ? 500 : 401, { message: "invalid API key", traceID: "" });
  }
}

/** What a token may do now, or by what is remembered for `seconds`. */
export function permissionsOf(state: State, token: Token, seconds: number): Permissions {
  if (token.remembered && token.remembered.until > Date.now()) return token.remembered.permissions;
  const permissions = typeof token.rights === "string"
    ? permissionsOfRole(state, token.rights)
    : token.rights;
  if (seconds > 0) token.remembered = { permissions, until: Date.now() + seconds * 1000 };
  return permissions;
}

const VIEW = ["dashboards:read"];
const EDIT = [...VIEW, "dashboards:write", "dashboards:delete"];
const FOLDER_VIEW = [...VIEW, "folders:read"];
const FOLDER_EDIT = [...EDIT, "dashboards:create", "folders:read", "folders:write"]
  .concat("folders:delete");
const FOLDER_ADMIN = [...FOLDER_EDIT, "folders.permissions:read", "folders.permissions:write"];

function permissionsOfRole({ folders, dashboards }: State, role: Role): Permissions {
  const fixed = { Admin: ADMIN, Editor: EDITOR, Viewer: VIEWER }[role];
  const all = structuredClone(fixed);
  const grant = (actions: string[], scope: string) => {
    for (const action of actions) (all[action] ??= []).push(scope);
  };
  grant(["datasources:query", "datasources:read"], "datasources:uid:grafana");
  if (role !== "Viewer") grant(["dashboards:create", "folders:read"], "folders:uid:general");
  if (role === "Admin") return all;
  for (const { uid, madeInGeneral } of dashboards.values()) {
    if (madeInGeneral) grant(role === "Editor" ? EDIT : VIEW, `dashboards:uid:${uid}`);
  }
  for (const { uid, acl } of folders.values()) {
    const level = Math.max(
      0,
      ...acl.filter((item) => item.role === "Viewer" || item.role === role)
        .map(({ permission }) => permission),
    );
    const actions = { 0: [], 1: FOLDER_VIEW, 2: FOLDER_EDIT, 4: FOLDER_ADMIN }[level]!;
    grant(actions, `folders:uid:${uid}`);
  }
  return all;
}

/** Whether these permissions hold the action, in one of the scopes if any are given. */
export function mayOf(permissions: Permissions): May {
  return (action, ...scopes) => {
    const granted = permissions[action];
    if (!granted || granted.length === 0) return false;
    const covers = (pattern: string, scope: string) =>
      pattern.endsWith("*") ? scope.startsWith(pattern.slice(0, -1)) : pattern === scope;
    return scopes.length === 0 || granted.some((g) => scopes.some((scope) => covers(g, scope)));
  };
}

export function denied(...actions: string[]): Refusal {
  const needed = actions.length > 1 ? `any of ${actions.join(", ")}` : actions[0];
  const message =
    `You'll need additional permissions to perform this action. Permissions needed: ${needed}`;
  const number = String(crypto.getRandomValues(new Uint32Array(1))[0]).padStart(10, "0");
  return new Refusal(403, { accessErrorId: `ACE${number}`, message, title: "Access denied" });
}

/** Lets a request pass whose token may do one of the actions; `scope` is made of the path's uid. */
export function need(actions: string | string[], scope?: (uid: string) => string) {
  const list = [actions].flat();
  return createMiddleware<Env>(async (c, next) => {
    const scopes = scope ? [scope(c.req.param("uid")!)] : [];
    if (!list.some((action) => c.var.may(action, ...scopes))) throw denied(...list);
    await next();
  });
}
