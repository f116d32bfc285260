import { createRoute, z } from "@hono/zod-openapi";
import { Hono } from "hono";
import { DashboardPage } from "../../../views/dashboard.tsx";
import { AppError, type ErrorStatus } from "../../errors.ts";
import { ById as params, json, newApi, optionalBody } from "../../http/api.ts";
import { type Again, byId, form, orShow, type PageContext } from "../../http/forms.ts";
import { errorReplies } from "../../http/replies.ts";
import { Described } from "../../measures/describe.ts";
import { Correction } from "../../measures/mapping/correction.ts";
import { LABELS } from "../../measures/number.ts";
import type { Env, Who } from "../../who.ts";
import type { Deps as ReaderDeps } from "../../workspaces/reader.ts";
import { type Deps as MutingDeps, mayAcknowledge } from "../muting/muting.ts";
import { withCourses } from "../list/courses.ts";
import { changeableDashboard } from "../listing.ts";
import { showStory } from "../preview/preview.ts";
import { faultsIn, type Fields, readForm, roleOf } from "./form.ts";
import {
  changeMapping,
  invalidInput,
  type Reading,
  resetMapping,
  showMapping,
  showReading,
} from "./mapping.ts";

type Deps = ReaderDeps & MutingDeps;

const path = "/{id}/mapping";
const answer = (description: string) => ({ 200: json(Described, description) });

const show = createRoute({
  method: "get",
  path,
  summary: "Shows how the table is read",
  request: { params },
  responses: { ...answer("The mapping."), ...errorReplies(400, 404, 409) },
});

const change = createRoute({
  method: "put",
  path,
  summary: "Corrects parts of the mapping",
  request: { params, body: optionalBody(Correction) },
  responses: { ...answer("The new mapping."), ...errorReplies(400, 403, 404, 409, 422) },
});

const reset = createRoute({
  method: "delete",
  path,
  summary: "Resets the mapping to the automatic one",
  request: { params },
  responses: { ...answer("The automatic mapping."), ...errorReplies(400, 403, 404, 409) },
});

export function mappingApi(deps: Deps) {
  return newApi()
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

/** A page refreshed by its script keeps its form. */
const isFetchedAgain = (c: PageContext) => c.req.header("hx-request") === "true";

function cardOf(reading: Reading | { unreadable: string }, again?: Again) {
  if ("unreadable" in reading) return { reading };
  const roles = reading.columns.map((column) => roleOf(reading, column));
  return { reading: { ...reading, roles, labels: LABELS }, again };
}

/** `again`: the mapping form as submitted, with its issues. */
export async function dashboardPage(
  c: PageContext,
  deps: Deps,
  again?: Again,
  status: ErrorStatus | 200 = 200,
) {
  const story = await showStory(deps.db, c.var.who, Number(c.req.param("id")));
  const { row } = story;
  const card = row.archived_at !== null || isFetchedAgain(c)
    ? undefined
    : cardOf(await showReading(deps, row), again);
  const [withNumbers] = await withCourses(deps.db, [row], { all: true });
  const shown = { ...story, row: withNumbers! };
  const is_worse = await mayAcknowledge(deps, story.row);
  const props = { who: c.var.who, story: shown, is_worse, mapping: card };
  return c.html(<DashboardPage {...props} />, status);
}

const Form = z.record(z.string().max(200), z.string().max(200));

export function mappingPages(deps: Deps) {
  const show = (c: PageContext, again: Again, status: ErrorStatus) =>
    dashboardPage(c, deps, again, status);
  return new Hono<Env>().post("/:id/mapping", byId, form(Form, show), async (c) => {
    const { id } = c.req.valid("param");
    const { reset, ...typed } = c.req.valid("form");
    return await orShow(c, { show }, async () => {
      if (reset) await resetMapping(deps, c.var.who, id);
      else await correct(deps, c.var.who, id, typed);
      return c.redirect(`/dashboards/${id}#mapping`, 303);
    });
  });
}

async function correct(deps: Deps, who: Who, id: number, typed: Fields): Promise<void> {
  const reading = await showReading(deps, await changeableDashboard(deps.db, who, id));
  if ("unreadable" in reading) throw new AppError("table_unreadable", 409, reading.unreadable);
  const { change, issues } = readForm(typed, reading);
  if (issues.length > 0) throw invalidInput(faultsIn(issues, typed, change));
  try {
    await changeMapping(deps, who, id, change);
  } catch (error) {
    if (!(error instanceof AppError && error.more.issues)) throw error;
    throw invalidInput(faultsIn(error.more.issues, typed, change));
  }
}
