import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { NewKeyPage } from "../../../views/accounts/new_key.tsx";
import { type UserForm, UserPage } from "../../../views/accounts/user.tsx";
import { Steps } from "../../../views/accounts/workspace.tsx";
import { RemovedPage, UsersPage } from "../../../views/accounts/users.tsx";
import { pageOfAudit } from "../../audit/page.ts";
import { defaultsFor } from "../../credentials/defaults.ts";
import { isTestable } from "../../credentials/test.ts";
import { credentialsOf } from "../../credentials/credentials.ts";
import {
  againAfter,
  byId,
  form,
  orShow,
  type PageContext,
  refuseForged,
  type Show,
} from "../../http/forms.ts";
import { addressWith, writeCursor } from "../../http/paging.ts";
import { withSecret } from "../../http/replies.ts";
import { rotateKey } from "../../users/rotate.ts";
import { importKeysOf } from "../../users/imports/keys.ts";
import { sessionsOf } from "../../users/sessions.ts";
import { adminOnly } from "../../who.ts";
import type { Env, Who } from "../../who.ts";
import { changeUser } from "../change.ts";
import { datasourcesOf } from "../../grafana/datasources.ts";
import { overviewOf, slackRefusals } from "../overview.ts";
import { ChangeForm, NewUserForm, RemovalForm, RotationForm, Search } from "./forms.ts";
import { removeUser } from "../remove.ts";
import type { Deps } from "../steps.ts";
import { createUser, showUser } from "../create.ts";
import { listedUsers } from "../list.ts";

/** `frontend_url`: where the command beside a new key leads. */
type KeyDeps = Deps & { frontend_url: string };

const PAGE_SIZE = 50;
const LAST_ENTRIES = 10;

const address = (search: Record<string, string | undefined>) => addressWith("/users", search);

/** The page of one user; `name`: the form of it that is shown again. */
export function showUserPage(deps: Deps, name: UserForm): Show {
  return async (c, again, status) => {
    const id = Number(c.req.param("id"));
    return c.html(
      <UserPage {...await pageOf(deps, c.var.who, id)} again={{ [name]: again }} />,
      status,
    );
  };
}

/** All that the page of a user shows. Throws 404 as showUser(). */
async function pageOf(deps: Deps, who: Who, id: number) {
  const user = await showUser(deps, who, id);
  const [credentials, overview, datasources, refusals, sessions, keys] = await Promise.all([
    credentialsOf(deps, who, id),
    overviewOf(deps, who, id),
    datasourcesOf(deps, who, id),
    slackRefusals(deps.db, who, id),
    sessionsOf(deps, who, id),
    importKeysOf(deps, who, id),
  ]);
  const page = { limit: LAST_ENTRIES, below: Number.MAX_SAFE_INTEGER };
  const audit = who.role === "admin"
    ? (await pageOfAudit(deps.db, who, { user_id: id }, page)).entries
    : [];
  const names = credentials.map(({ key_name }) => key_name);
  const secrets = {
    testable: names.filter(isTestable),
    defaults: defaultsFor(deps.outside, names),
  };
  const shown = {
    who,
    user,
    secrets,
    credentials,
    overview,
    datasources,
    refusals,
    sessions,
    audit,
  };
  return { ...shown, import_keys: keys };
}

/** For a form that only an admin sees: 404 for whom the user's page is not, 403 for the user itself. */
function forAdmin(show: Show): Show {
  return async (c, again, status) => {
    const page = await show(c, again, status);
    adminOnly(c.var.who);
    return page;
  };
}

const search = zValidator("query", Search, (result, c) => {
  if (result.success) return;
  const again = againAfter(result.data, result.error.issues);
  if (!again.issues.some(({ path }) => path === "q")) refuseForged(result);
  adminOnly((c as PageContext).var.who);
  return c.html(<UsersPage who={(c as PageContext).var.who} users={[]} search={again} />, 422);
});

function creationPage(deps: KeyDeps) {
  const creation: Show = async (c, again, status) => {
    const page = { limit: PAGE_SIZE, after: "" };
    const { users, next } = await listedUsers(deps.db, c.var.who, {}, page);
    const more = next ? { next: address({ cursor: writeCursor(next)! }) } : {};
    const search = { typed: {}, issues: [] };
    const props = { who: c.var.who, users, search, creation: again, ...more };
    return c.html(<UsersPage {...props} />, status);
  };
  return new Hono<Env>()
    .post(
      "/",
      form(NewUserForm, creation),
      (c) =>
        orShow(c, { show: creation, field: "username" }, async () => {
          const { who } = c.var;
          const user = await createUser(deps, who, c.req.valid("form"));
          withSecret(c);
          const props = { who, user, ...user, expires_at: null, base: deps.frontend_url };
          return c.html(<NewKeyPage {...props} />, 201);
        }),
    );
}

function searchPage(deps: Deps) {
  return new Hono<Env>()
    .get("/", search, async (c) => {
      const { who } = c.var;
      const { cursor: after = "", ...filter } = c.req.valid("query");
      const { users, next } = await listedUsers(deps.db, who, filter, { limit: PAGE_SIZE, after });
      const { q, is_active, role = "", workspace = "" } = filter;
      const typed = { q, is_active: `${is_active ?? ""}`, role, workspace };
      const props = {
        first: after ? address(typed) : undefined,
        next: next ? address({ ...typed, cursor: writeCursor(next)! }) : undefined,
        search: { typed, issues: [] },
      };
      return c.html(<UsersPage who={who} users={users} {...props} />);
    });
}

/** Under `/users`: what the API does with users, by plain forms. */
export function userPages(deps: KeyDeps) {
  const change = showUserPage(deps, "change");
  return new Hono<Env>()
    .route("/", searchPage(deps))
    .route("/", creationPage(deps))
    .route("/", rotationPage(deps))
    .route("/", removalPage(deps))
    .get("/:id/steps", byId, async (c) => {
      const { id } = c.req.valid("param");
      const { workspace } = await showUser(deps, c.var.who, id);
      c.header("Cache-Control", "no-store");
      return workspace ? c.html(<Steps id={id} workspace={workspace} />) : c.html("");
    })
    .get("/:id", byId, async (c) => {
      const { id } = c.req.valid("param");
      return c.html(<UserPage {...await pageOf(deps, c.var.who, id)} />);
    })
    .post(
      "/:id/change",
      byId,
      zValidator("form", ChangeForm, refuseForged),
      (c) =>
        orShow(c, { show: change }, async () => {
          const { id } = c.req.valid("param");
          await changeUser(deps, c.var.who, id, c.req.valid("form"));
          return c.redirect(`/users/${id}`, 303);
        }),
    );
}

function rotationPage(deps: KeyDeps) {
  const rotation = showUserPage(deps, "key");
  return new Hono<Env>()
    .post(
      "/:id/api-key",
      byId,
      form(RotationForm, rotation),
      (c) =>
        orShow(c, { show: rotation }, async () => {
          const { who } = c.var;
          const { id } = c.req.valid("param");
          const input = c.req.valid("form");
          const made = await rotateKey(deps, who, id, input);
          const user = await showUser(deps, who, id);
          withSecret(c);
          const before = input.grace_seconds === 0
            ? "The old key works no longer."
            : `The old key works for ${grace(input.grace_seconds)} more.`;
          const props = { who, user, before, base: deps.frontend_url, ...made };
          return c.html(<NewKeyPage {...props} />, 201);
        }),
    );
}

function removalPage(deps: Deps) {
  const removal = forAdmin(showUserPage(deps, "remove"));
  return new Hono<Env>()
    .post(
      "/:id/remove",
      byId,
      form(RemovalForm, removal),
      (c) =>
        orShow(c, { show: removal }, async () => {
          const { who } = c.var;
          const { id } = c.req.valid("param");
          const { databases, username } = c.req.valid("form");
          const user = await showUser(deps, who, id);
          if (username !== user.username) {
            const issues = [{ path: "username", message: "This is not the name of the user." }];
            return await removal(c, { typed: { databases, username }, issues }, 422);
          }
          const removed = await removeUser(deps, who, id, databases);
          return c.html(<RemovedPage who={who} removed={removed} />);
        }),
    );
}

/** 90 is "90 seconds", 7200 is "2 hours". */
function grace(seconds: number): string {
  const [unit, length] = ([["day", 86_400], ["hour", 3600], ["minute", 60]] as const)
    .find(([, length]) => seconds % length === 0) ?? ["second", 1];
  const count = seconds / length;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
