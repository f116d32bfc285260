import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { type Context, Hono } from "hono";
import { DashboardPage } from "../../../views/dashboard.tsx";
import type { Again } from "../../../views/field.tsx";
import { AppError, errorReplies, refuse } from "../../errors.ts";
import { Id } from "../../http/paging.ts";
import { Described } from "../../measures/describe.ts";
import { Correction } from "../../measures/mapping/correction.ts";
import { withShownNumbers } from "../../measures/format.ts";
import { LABELS } from "../../measures/number.ts";
import type { Env } from "../../who.ts";
import type { Deps } from "../../workspaces/workspaces.ts";
import { visibleDashboard } from "../listing.ts";
import { showStory } from "../preview/preview.ts";
import { faultsIn, type Fields, readForm, roleOf } from "./form.ts";
import { changeMapping, type Reading, resetMapping, showMapping, showReading } from "./mapping.ts";

const path = "/{id}/mapping";
const params = z.object({ id: Id });
const json = <T,>(schema: T) => ({ content: { "application/json": { schema } } });
const answer = (description: string) => ({ 200: { description, ...json(Described) } });

const show = createRoute({
  method: "get",
  path,
  summary: "How the table is read",
  request: { params },
  responses: { ...answer("The mapping."), ...errorReplies(400, 404, 409) },
});

const change = createRoute({
  method: "put",
  path,
  summary: "Corrects parts of how the table is read; the others stay",
  request: { params, body: json(Correction) },
  responses: { ...answer("The new mapping."), ...errorReplies(400, 404, 409, 422) },
});

const reset = createRoute({
  method: "delete",
  path,
  summary: "Forgets the correction",
  request: { params },
  responses: { ...answer("The automatic mapping."), ...errorReplies(400, 404, 409) },
});

/** The mapping, under `/api/v1/dashboards`. */
export function mappingApi(deps: Deps) {
  return new OpenAPIHono<Env>({ defaultHook: refuse })
    .openapi(
      show,
      async (c) => c.json(await showMapping(deps, c.var.who, c.req.valid("param").id), 200),
    )
    .openapi(change, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await changeMapping(deps, c.var.who, id, c.req.valid("json")), 200);
    })
    .openapi(
      reset,
      async (c) => c.json(await resetMapping(deps, c.var.who, c.req.valid("param").id), 200),
    );
}

/** A page that is fetched again by its script keeps the form that it has. */
const isFetchedAgain = (c: Context) => c.req.header("hx-request") === "true";

function cardOf(reading: Reading | { unreadable: string }, again?: Again) {
  if ("unreadable" in reading) return { reading };
  const roles = reading.columns.map((column) => roleOf(reading, column));
  return { reading: { ...reading, roles, labels: LABELS }, again };
}

/** The page of one dashboard. `again`: its mapping's form with what was typed, and what is wrong. */
export async function dashboardPage(c: Context<Env>, deps: Deps, id: number, again?: Again) {
  const story = await showStory(deps.db, c.var.who, id);
  const { row } = story;
  const card = row.archived_at !== null || isFetchedAgain(c)
    ? undefined
    : cardOf(await showReading(deps, row), again);
  const shown = { ...story, row: withShownNumbers(row) };
  return c.html(<DashboardPage who={c.var.who} story={shown} mapping={card} />, again ? 422 : 200);
}

const Form = z.record(z.string().max(200), z.string().max(200));

/** The mapping's form, under `/dashboards`. */
export function mappingPages(deps: Deps) {
  const id = zValidator("param", params, refuse);
  return new Hono<Env>().post(
    path.replace("{id}", ":id"),
    id,
    zValidator("form", Form, refuse),
    async (c) => {
      const { id } = c.req.valid("param");
      const { reset, ...typed } = c.req.valid("form");
      const there = `/dashboards/${id}#mapping`;
      if (reset) {
        await resetMapping(deps, c.var.who, id);
        return c.redirect(there, 303);
      }
      const faults = await correct(deps, c.var.who, id, typed);
      return faults ? await dashboardPage(c, deps, id, { typed, faults }) : c.redirect(there, 303);
    },
  );
}

/** What is wrong with a form, by its fields; undefined: it is done. */
async function correct(deps: Deps, who: Env["Variables"]["who"], id: number, typed: Fields) {
  const reading = await showReading(deps, await visibleDashboard(deps.db, who, id));
  if ("unreadable" in reading) throw new AppError("table_unreadable", 409, reading.unreadable);
  const filled = readForm(typed, reading);
  if ("faults" in filled) return filled.faults;
  try {
    await changeMapping(deps, who, id, filled.change);
  } catch (error) {
    if (!(error instanceof AppError && error.more.issues)) throw error;
    return faultsIn(error.more.issues, typed, filled.change);
  }
}
