import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { ManyPage, RemoveManyPage } from "../../../views/dashboards/many.tsx";
import {
  ArchivedPage,
  DashboardsPage,
  type ListProps,
  OneRow,
} from "../../../views/dashboards/page.tsx";
import { z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import { byId, form, type PageContext } from "../../http/forms.ts";
import { DEFAULT_LIMIT, writeCursor } from "../../http/paging.ts";
import { refuse } from "../../http/replies.ts";
import type { Env } from "../../who.ts";
import { visibleIgnored } from "../ignored/ignored.ts";
import { pageOfDashboards, visibleDashboard } from "../listing.ts";
import { visibleWaiting } from "../waiting.ts";
import type { Deps } from "../../grafana/removal.ts";
import { withCourses } from "./courses.ts";
import { actOnMany, chosenDashboards, ManyForm } from "./many.ts";
import { FormQuery, placeOf, writePlace } from "./query.ts";

const VIEW_COOKIE = "dashkeeper_list";
const YEAR_SECONDS = 365 * 86_400;
const View = z.enum(["grid", "table"]);

type Search = z.infer<typeof FormQuery>;

/** The chosen look, or the one chosen last. */
function viewOf(c: PageContext, chosen: Search["view"]): z.infer<typeof View> {
  if (chosen) {
    setCookie(c, VIEW_COOKIE, chosen, { path: "/", sameSite: "Lax", maxAge: YEAR_SECONDS });
  }
  return chosen ?? View.catch("grid").parse(getCookie(c, VIEW_COOKIE));
}

async function listProps(
  { db }: Deps,
  c: PageContext,
  { cursor, limit, sort, view, archived: _, ...filter }: Search,
  archived: boolean,
): Promise<ListProps> {
  const { who } = c.var;
  const page = { limit, sort, after: placeOf(cursor) };
  const { dashboards, next } = await pageOfDashboards(db, who, { ...filter, archived }, page);
  const set = { ...filter, ...(sort === "newest" ? {} : { sort }) };
  const typed = Object.fromEntries(
    Object.entries(set).flatMap(([name, value]) => value === undefined ? [] : [[name, `${value}`]]),
  );
  const kept = { ...typed, ...(limit === DEFAULT_LIMIT ? {} : { limit: `${limit}` }) };
  const address = (more = {}) => `${c.req.path}?${new URLSearchParams({ ...kept, ...more })}`;
  return {
    who,
    rows: await withCourses(db, dashboards),
    view: viewOf(c, view),
    search: { typed, issues: [] },
    first: cursor ? address() : undefined,
    next: next ? address({ cursor: writeCursor(writePlace(next))! }) : undefined,
  };
}

/** `/dashboards`, its archive, one of its rows, and actions on many. */
export function listPages(deps: Deps) {
  const query = zValidator("query", FormQuery, refuse);
  const look = zValidator("query", z.object({ view: View.default("grid") }), refuse);
  return new Hono<Env>()
    .get("/", query, async (c) => {
      const [props, waiting, ignored] = await Promise.all([
        listProps(deps, c, c.req.valid("query"), false),
        visibleWaiting(deps.db, c.var.who),
        visibleIgnored(deps.db, c.var.who),
      ]);
      return c.html(<DashboardsPage {...props} waiting={waiting} ignored={ignored} />);
    })
    .get(
      "/archived",
      query,
      async (c) =>
        c.html(<ArchivedPage {...await listProps(deps, c, c.req.valid("query"), true)} />),
    )
    .get("/:id/row", byId, look, async (c) => {
      const { id } = c.req.valid("param");
      const row = await visibleDashboard(deps.db, c.var.who, id).catch(ifUnknown);
      const [shown] = row ? await withCourses(deps.db, [row]) : [];
      return c.html(<OneRow id={id} row={shown} who={c.var.who} {...c.req.valid("query")} />);
    })
    .post("/many", form(ManyForm, forged), async (c) => {
      const { who } = c.var;
      const { ids, action, sure } = c.req.valid("form");
      if (action === "remove" && !sure && ids.length > 0) {
        const chosen = await chosenDashboards(deps, who, ids);
        return c.html(<RemoveManyPage who={who} chosen={chosen} />);
      }
      const results = await actOnMany(deps, who, action, ids);
      return c.html(<ManyPage who={who} action={action} results={results} />);
    });
}

function ifUnknown(error: unknown): undefined {
  if (!(error instanceof AppError)) throw error;
}

function forged(): never {
  throw new AppError("invalid_input", 422, "Choose at most 500 dashboards, and an action.");
}
