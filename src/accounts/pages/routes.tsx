import { z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { type Context, Hono } from "hono";
import type { Again } from "../../../views/field.tsx";
import { NewKeyPage } from "../../../views/new_key.tsx";
import { type UserForm, UserPage } from "../../../views/user.tsx";
import { RemovedPage, UsersPage } from "../../../views/users.tsx";
import { credentialsOf } from "../../credentials/credentials.ts";
import { AppError, type ErrorStatus, refuse } from "../../errors.ts";
import { Id, writeCursor } from "../../http/paging.ts";
import { rotateKey } from "../../users/rotate.ts";
import { pageOfUsers } from "../../users/users.ts";
import { adminOnly } from "../../who.ts";
import type { Env, Who } from "../../who.ts";
import { changeUser } from "../change.ts";
import { datasourcesOf } from "../../grafana/datasources.ts";
import { overviewOf } from "../overview.ts";
import { ChangeForm, NewUserForm, RemovalForm, RotationForm, Search } from "./forms.ts";
import { removeUser } from "../remove.ts";
import type { Deps } from "../steps.ts";
import { createUser, showUser } from "../create.ts";

type Page = Context<Env>;
/** Shows the page of a form once more, with what was typed and what is wrong. */
export type Show = (c: Page, again: Again, status: ErrorStatus) => Response | Promise<Response>;
type Fault = { path: PropertyKey[]; message: string; format?: string; code?: string };

/** What was typed, for a page that shows it again: no secret, and no files. */
function typedIn(data: object): Again["typed"] {
  const typed = Object.entries(data).filter(([name, value]) =>
    typeof value === "string" && name !== "key_value"
  );
  return Object.fromEntries(typed);
}

function againAfter(data: object, issues: readonly object[]): Again {
  const faults = (issues as Fault[]).map(({ path, message, format, code }) => {
    const missing = code === "invalid_type" && "is missing";
    return [
      path.join("."),
      format === "datetime" ? "must be a date and a time" : missing || message,
    ];
  });
  return { typed: typedIn(data), faults: Object.fromEntries(faults.reverse()) };
}

/** Checks a form: what is not right comes back on its page, with 422. */
export function form<S extends z.ZodType>(schema: S, show: Show) {
  return zValidator("form", schema, async (result, c) => {
    if (!result.success) {
      return await show(c as Page, againAfter(result.data as object, result.error.issues), 422);
    }
  });
}

/** For what only our own pages send, in addresses and hidden fields. */
export function refuseForged(result: { success: boolean }): void {
  if (result.success) return;
  throw new AppError("invalid_input", 422, "Our pages do not send this: go back and try again.");
}

/** Does a entry of a form; one that is refused with 409 comes back on its page, the sentence at `field`. */
export async function orShow(
  c: Page,
  { show, field = "" }: { show: Show; field?: string },
  entry: () => Promise<Response>,
): Promise<Response> {
  try {
    return await entry();
  } catch (error) {
    if (!(error instanceof AppError && error.status === 409)) throw error;
    const typed = typedIn(await c.req.parseBody());
    return await show(c, { typed, faults: { [field]: error.message } }, error.status);
  }
}

const PAGE_SIZE = 50;

function address(search: Record<string, string | undefined>): string {
  const set = Object.entries(search).filter((pair): pair is [string, string] => !!pair[1]);
  return `/users${set.length ? "?" : ""}${new URLSearchParams(set)}`;
}

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
  const [credentials, overview, datasources] = await Promise.all([
    credentialsOf(deps, who, id),
    overviewOf(deps, who, id),
    datasourcesOf(deps, who, id),
  ]);
  return { who, user, credentials, overview, datasources };
}

/** For a form that only an admin sees: 404 for whom the user's page is not, 403 for the user itself. */
function forAdmin(show: Show): Show {
  return async (c, again, status) => {
    const page = await show(c, again, status);
    adminOnly(c.var.who);
    return page;
  };
}

/** `/users`: the list, and new users. */
function listPages(deps: Deps) {
  const creation: Show = async (c, again, status) => {
    const page = { limit: PAGE_SIZE, after: "" };
    const { users, next } = await pageOfUsers(deps.db, c.var.who, {}, page);
    const more = next ? { next: address({ cursor: writeCursor(next)! }) } : {};
    const search = { typed: {}, faults: {} };
    const props = { who: c.var.who, users, search, creation: again, ...more };
    return c.html(<UsersPage {...props} />, status);
  };
  const search = zValidator("query", Search, (result, c) => {
    if (result.success) return;
    const again = againAfter(result.data, result.error.issues);
    if (!again.faults.q) refuseForged(result);
    adminOnly((c as Page).var.who);
    return c.html(<UsersPage who={(c as Page).var.who} users={[]} search={again} />, 422);
  });
  return new Hono<Env>()
    .get("/", search, async (c) => {
      const { who } = c.var;
      const { cursor: after = "", ...filter } = c.req.valid("query");
      const { users, next } = await pageOfUsers(deps.db, who, filter, { limit: PAGE_SIZE, after });
      const typed = { q: filter.q, is_active: `${filter.is_active ?? ""}` };
      const props = {
        first: after ? address(typed) : undefined,
        next: next ? address({ ...typed, cursor: writeCursor(next)! }) : undefined,
        search: { typed, faults: {} },
      };
      return c.html(<UsersPage who={who} users={users} {...props} />);
    })
    .post(
      "/",
      form(NewUserForm, creation),
      (c) =>
        orShow(c, { show: creation, field: "username" }, async () => {
          const made = await createUser(deps, c.var.who, c.req.valid("form"));
          c.header("Cache-Control", "no-store");
          const props = { who: c.var.who, user: made, api_key: made.api_key, expires_at: null };
          return c.html(<NewKeyPage {...props} />, 201);
        }),
    );
}

/** Under `/users`: what the API does with users, by plain forms. */
export function userPages(deps: Deps) {
  const id = zValidator("param", z.object({ id: Id }), refuse);
  const change = showUserPage(deps, "change");
  const rotation = showUserPage(deps, "key");
  const removal = forAdmin(showUserPage(deps, "remove"));
  return new Hono<Env>()
    .route("/", listPages(deps))
    .get("/:id", id, async (c) => {
      const { id } = c.req.valid("param");
      return c.html(<UserPage {...await pageOf(deps, c.var.who, id)} />);
    })
    .post(
      "/:id/change",
      id,
      zValidator("form", ChangeForm, refuseForged),
      (c) =>
        orShow(c, { show: change }, async () => {
          const { id } = c.req.valid("param");
          await changeUser(deps, c.var.who, id, c.req.valid("form"));
          return c.redirect(`/users/${id}`, 303);
        }),
    )
    .post(
      "/:id/api-key",
      id,
      form(RotationForm, rotation),
      (c) =>
        orShow(c, { show: rotation }, async () => {
          const { who } = c.var;
          const { id } = c.req.valid("param");
          const input = c.req.valid("form");
          const made = await rotateKey(deps, who, id, input);
          const user = await showUser(deps, who, id);
          c.header("Cache-Control", "no-store");
          const before = input.grace_seconds === 0
            ? "The old key works no longer."
            : `The old key works for ${grace(input.grace_seconds)} more.`;
          return c.html(<NewKeyPage who={who} user={user} before={before} {...made} />, 201);
        }),
    )
    .post(
      "/:id/remove",
      id,
      form(RemovalForm, removal),
      (c) =>
        orShow(c, { show: removal }, async () => {
          const { who } = c.var;
          const { id } = c.req.valid("param");
          const { databases, username } = c.req.valid("form");
          const user = await showUser(deps, who, id);
          if (username !== user.username) {
            const faults = { username: "This is not the name of the user." };
            return await removal(c, { typed: { databases, username }, faults }, 422);
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
