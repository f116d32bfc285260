import type { z } from "@hono/zod-openapi";
import { audited, type AuditedAction } from "../audit/audit.ts";
import { AppError, type Issue } from "../errors.ts";
import { type Db, isUniqueViolation, sqlState } from "../external/postgres/postgres.ts";
import { findUserByName } from "../users/store.ts";
import { adminOnly } from "../who.ts";
import type { Who } from "../who.ts";
import { checkTemplate, issueAt } from "./check.ts";
import { cleanExport } from "./fill.ts";
import type { NewTemplate, Template, TemplateDetails } from "./input.ts";
import { isObject, isShallow, type JsonObject, MOST_DEPTH } from "./json.ts";
import { type Drawn, onBestSample } from "./preview.ts";
import { type Deps as SampleDeps, withSamples } from "./samples.ts";
import * as store from "./store.ts";
import { reasonOf } from "./try.ts";

/** `boardsOf`: the boards that a template drew, of one user or of all. */
export type Deps = SampleDeps & {
  boardsOf: (id: number, user_id?: number) => Promise<z.infer<typeof TemplateDetails>["boards"]>;
};

/** The built-in templates, each with its sample table. */
const BUILT_IN = [
  { id: 1, name: "timing", kind: "timing", table: "paths" },
  { id: 2, name: "qor", kind: "qor", table: "runs" },
  { id: 3, name: "drc", kind: "drc", table: "violations" },
  { id: 4, name: "plain", kind: "any", table: "measurements" },
] as const;

const builtIn = (id: number) => BUILT_IN.find((one) => one.id === id);
const unknown = () => new AppError("template_unknown", 404, "There is no such template.");

/** The built-in templates, then the uploaded ones by name. */
export async function listTemplates({ db }: Pick<Deps, "db">): Promise<z.infer<typeof Template>[]> {
  return [
    ...BUILT_IN.map(({ id, name, kind }) => ({ id, name, kind, built_in: true, version: 1 })),
    ...(await store.listTemplates(db)).map(asListed),
  ];
}

const asListed = ({ id, name, kind, version }: store.TemplateRow) => ({
  id,
  name,
  kind,
  built_in: false,
  version,
});

/** One template with one version's content (default: the newest); a member sees only its own boards. Throws 404. */
export async function showTemplate(
  { db, boardsOf }: Pick<Deps, "db" | "boardsOf">,
  who: Who,
  id: number,
  version?: number,
): Promise<z.infer<typeof TemplateDetails>> {
  const fixed = builtIn(id);
  if (fixed) {
    if (version !== undefined && version !== 1) throw unknown();
    const { name, kind } = fixed;
    const none = { dashboard: null, warnings: [], versions: [], chosen: [], boards: [] };
    return { id, name, kind, built_in: true, version: 1, shown_version: 1, ...none };
  }
  const row = await store.findTemplate(db, id);
  const shown_version = version ?? row?.version ?? 0;
  const content = row && await store.findVersion(db, id, shown_version);
  if (!row || !content) throw unknown();
  const own = who.role === "admin" ? undefined : who.user_id;
  const chosen = await store.listChoices(db, id);
  return {
    ...asListed(row),
    ...content,
    shown_version,
    versions: await store.versionsOf(db, id),
    chosen: chosen.filter(({ user_id }) => own === undefined || user_id === null || user_id === own)
      .map(({ template_id: _, ...choice }) => choice),
    boards: await boardsOf(id, own),
  };
}

/** What a preview draws. Throws 404. */
export async function drawnOf(
  { db }: Pick<Deps, "db">,
  id: number,
  version?: number,
): Promise<{ drawn: Drawn; version: number }> {
  const fixed = builtIn(id);
  if (fixed && (version ?? 1) === 1) return { drawn: { built_in: true, ...fixed }, version: 1 };
  const row = await store.findTemplate(db, id);
  const shown = version ?? row?.version ?? 0;
  const content = row && await store.findVersion(db, id, shown);
  if (!row || !content) throw unknown();
  const { name, kind } = row;
  return { drawn: { built_in: false, name, kind, dashboard: content.dashboard }, version: shown };
}

type Input = z.infer<typeof NewTemplate>;

const refuse = (issues: Issue[]) =>
  new AppError("invalid_input", 422, "The template is not right: see `issues`.", { issues });

/** The template as stored, with its warnings. Throws 422 with all issues. */
async function checked(deps: Deps, { name, kind, dashboard }: Input): Promise<store.Content> {
  const given = dashboard as JsonObject;
  if (!isShallow(given)) {
    throw refuse([issueAt(["dashboard"], `It is nested more than ${MOST_DEPTH} levels deep.`)]);
  }
  // Grafana's API returns the dashboard in a field beside `meta`.
  const inner = !("panels" in given) && isObject(given.dashboard) ? given.dashboard : given;
  const clean = cleanExport(inner);
  const { issues, warnings } = checkTemplate(clean);
  if (issues.length > 0) throw refuse(issues.slice(0, 100));
  const tried = await withSamples(
    deps,
    (reader) => onBestSample(reader, { name, kind, dashboard: clean }),
  );
  // Grafana's own variables may expand to valid SQL.
  const wrong = tried.refused.filter(({ state, foreign }) => state === "42601" && !foreign);
  if (wrong.length > 0) {
    throw refuse(wrong.map((one) => issueAt(one.path, `The query ${reasonOf(one)}.`)));
  }
  const doubts = tried.refused.map((one) => {
    const reason = `On our sample tables the query ${reasonOf(one)}.`;
    return issueAt(
      one.path,
      `${reason} A table where it does so is drawn by the built-in template.`,
    );
  });
  return { dashboard: clean, warnings: [...warnings, ...doubts] };
}

const actionOf = (action: AuditedAction["action"], subject: string): AuditedAction => ({
  action,
  subject,
  user_id: null,
});

/** Throws 409 where another template has the name. */
async function naming<T>(name: string, work: () => Promise<T>): Promise<T> {
  const taken = () =>
    new AppError("template_exists", 409, `There is already a template "${name}".`);
  if (BUILT_IN.some((fixed) => fixed.name === name)) throw taken();
  return await work().catch((error) => {
    throw isUniqueViolation(error) ? taken() : error;
  });
}

/** Replaces where a template is chosen. Throws 409 `choice_taken`, 422 for a user who is not there. */
async function choose(
  tx: Db,
  { id, kind }: store.TemplateRow,
  choices: store.Choice[] | undefined,
) {
  if (!choices) return;
  await store.deleteChoices(tx, id);
  for (const [i, choice] of choices.entries()) {
    if (kind !== "any" && choice.kind && choice.kind !== kind) {
      throw refuse([issueAt(["choose", i, "kind"], `This template draws tables of kind ${kind}.`)]);
    }
    const taken = await store.insertChoice(tx, id, choice).catch((error) => {
      if (sqlState(error) !== "23503") throw error;
      throw refuse([issueAt(["choose", i, "user_id"], "There is no such user.")]);
    });
    if (taken) continue;
    const message = "A template is chosen there already: take that choice away first.";
    throw new AppError("choice_taken", 409, message);
  }
}

/** Requires an admin and an uploaded template; records a refusal (403, 404, 409 `built_in`). */
async function permitted(deps: Deps, who: Who, action: AuditedAction, id?: number): Promise<void> {
  try {
    adminOnly(who);
    if (id === undefined) return;
    if (builtIn(id)) {
      const message = "This template is built in and stays as it is: add one of your own.";
      throw new AppError("built_in", 409, message);
    }
    if (!await store.findTemplate(deps.db, id)) throw unknown();
  } catch (error) {
    await audited(deps.db, who, action, () => Promise.reject(error));
  }
}

/** A new template. Throws 403, 409 `template_exists` or `choice_taken`, 422 with `issues`. */
export async function addTemplate(deps: Deps, who: Who, input: Input) {
  const { name } = input;
  const action = actionOf("template.create", name);
  await permitted(deps, who, action);
  const content = await checked(deps, input);
  const { id } = await audited(deps.db, who, action, async (tx) => {
    const row = await naming(name, () => store.insertTemplate(tx, input));
    await store.insertVersion(tx, row, content, who.username);
    await choose(tx, row, input.choose);
    return row;
  });
  return await showTemplate(deps, who, id);
}

const subjectOf = (id: number) => builtIn(id)?.name ?? `template ${id}`;

/**
 * A new version; its choices stay unless `choose` is given. Throws as addTemplate(), and 404, 409
 * `built_in`.
 */
export async function changeTemplate(deps: Deps, who: Who, id: number, input: Input) {
  const action = actionOf("template.change", subjectOf(id));
  await permitted(deps, who, action, id);
  const content = await checked(deps, input);
  await audited(deps.db, who, action, async (tx) => {
    const row = await naming(input.name, () => store.renewTemplate(tx, id, input));
    if (!row) throw unknown();
    action.subject = row.name;
    await store.insertVersion(tx, row, content, who.username);
    await choose(tx, row, input.choose);
  });
  return await showTemplate(deps, who, id);
}

/** The id of the user of this name. Admins only. */
export async function userNamed({ db }: Deps, who: Who, username: string) {
  adminOnly(who);
  return (await findUserByName(db, username))?.id;
}

/** `change` maps the present choices to the new ones. Throws 403, 404, 409 `built_in` or `choice_taken`, 422. */
export async function chooseTemplate(
  deps: Deps,
  who: Who,
  id: number,
  change: (now: store.Choice[]) => store.Choice[],
) {
  const action = actionOf("template.change", subjectOf(id));
  await permitted(deps, who, action, id);
  await audited(deps.db, who, action, async (tx) => {
    const row = await store.lockTemplate(tx, id);
    if (!row) throw unknown();
    action.subject = row.name;
    await choose(tx, row, change(await store.listChoices(tx, id)));
  });
  return await showTemplate(deps, who, id);
}

/** Removes a template with its versions; its boards stay until their tables' next run. Throws 403, 404, 409 `built_in`. */
export async function removeTemplate(deps: Deps, who: Who, id: number): Promise<void> {
  const action = actionOf("template.remove", subjectOf(id));
  await permitted(deps, who, action, id);
  await audited(deps.db, who, action, async (tx) => {
    const row = await store.deleteTemplate(tx, id);
    if (!row) throw unknown();
    action.subject = row.name;
  });
}
