import { z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { AuditPage } from "../../views/audit.tsx";
import type { Sql } from "../external/postgres/postgres.ts";
import { type Again, againAfter, moment, type PageContext, refuseForged } from "../http/forms.ts";
import { addressWith, cursor, writeCursor } from "../http/paging.ts";
import { adminOnly, type Env } from "../who.ts";
import { ACTIONS } from "./audit.ts";
import { auditCsv } from "./csv.ts";
import { filterByName, Moment, type Names, Outcome, pageOfAudit, Text } from "./page.ts";

export type Deps = { db: Sql } & Names;

const PAGE_SIZE = 50;

const none = z.literal("").transform(() => undefined);
const text = Text.transform((value) => value.trim() || undefined).optional();
const Search = z.strictObject({
  actor: text,
  action: none.or(z.enum(ACTIONS)).optional(),
  subject: text,
  user: text,
  outcome: none.or(Outcome).optional(),
  from: moment(Moment.nullish()),
  to: moment(Moment.nullish()),
  cursor: cursor(/^[1-9]\d{0,14}$/),
});
type Search = z.infer<typeof Search>;

const search = zValidator("query", Search, (result, c) => {
  if (result.success) return;
  const again = againAfter(result.data, result.error.issues);
  if (!again.issues.some(({ path }) => path === "from" || path === "to")) refuseForged(result);
  const { who } = (c as PageContext).var;
  adminOnly(who);
  return c.html(<AuditPage who={who} actions={ACTIONS} entries={[]} search={again} />, 422);
});

const filterOf = (deps: Deps, { cursor: _, from, to, ...same }: Search) =>
  filterByName(deps, { ...same, from: from ?? undefined, to: to ?? undefined });

/** The fields of the search as the form sends them. */
function typedOf({ cursor: _, ...found }: Search): Again["typed"] {
  const given = Object.entries(found).filter((pair): pair is [string, string] => !!pair[1]);
  // A field for a moment takes no zone.
  return Object.fromEntries(
    given.map(([name, text]) =>
      name === "from" || name === "to"
        ? [name, new Date(text).toISOString().slice(0, 19)]
        : [name, text]
    ),
  );
}

/** `/audit` and `/audit.csv`. Admins only. */
export function auditPages(deps: Deps) {
  return new Hono<Env>()
    .get("/audit", search, async (c) => {
      const { who } = c.var;
      adminOnly(who);
      const found = c.req.valid("query");
      const typed = typedOf(found);
      const filter = await filterOf(deps, found);
      const below = Number(found.cursor ?? Number.MAX_SAFE_INTEGER);
      const { entries, next } = filter
        ? await pageOfAudit(deps.db, who, filter, { limit: PAGE_SIZE, below })
        : { entries: [], next: null };
      const issues = filter ? [] : [{ path: "user", message: "There is no user of this name." }];
      const links = {
        csv: addressWith("/audit.csv", typed),
        first: found.cursor ? addressWith("/audit", typed) : undefined,
        next: next ? addressWith("/audit", { ...typed, cursor: writeCursor(next)! }) : undefined,
      };
      const props = { who, actions: ACTIONS, entries, search: { typed, issues } };
      return c.html(<AuditPage {...props} {...links} />);
    })
    .get("/audit.csv", search, async (c) => {
      adminOnly(c.var.who);
      const filter = await filterOf(deps, c.req.valid("query")) ?? { user_id: 0 };
      return c.body(auditCsv(deps.db, c.var.who, filter), 200, {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="audit.csv"',
        "Cache-Control": "no-store",
      });
    });
}
