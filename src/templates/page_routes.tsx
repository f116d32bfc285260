import { zValidator } from "@hono/zod-validator";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { TemplatePage } from "../../views/template.tsx";
import { type Again, TemplatesPage } from "../../views/templates.tsx";
import { AppError, type Issue, refuse } from "../errors.ts";
import { Id } from "../http/paging.ts";
import { adminOnly } from "../who.ts";
import type { Env, Who } from "../who.ts";
import { NewChoice, NewTemplate } from "./input.ts";
import { previewPage } from "./routes.tsx";
import type { Choice } from "./store.ts";
import * as templates from "./templates.ts";

type Page = Context<Env>;
type Deps = templates.Deps;

/** The form of a template; a file counts more than what is in the text field. */
async function typedIn(c: Page): Promise<{ typed: Again["typed"]; text: string }> {
  const { name, kind, dashboard, file } = await c.req.parseBody().catch((): never => {
    throw new AppError("malformed_request", 400, "The form is not well formed.");
  });
  const written = (value: unknown) => typeof value === "string" ? value : "";
  const text = file instanceof File && file.size > 0 ? await file.text() : written(dashboard);
  return {
    typed: { name: written(name), kind: written(kind), dashboard: written(dashboard) },
    text,
  };
}

/** As much as the API takes. */
const MOST_BYTES = 2 * 1024 * 1024;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const asIssues = ({ issues }: z.core.$ZodError): Issue[] =>
  issues.map(({ path, message }) => ({ path: path.join("."), message }));

/** Reads the form and does `deed`; what is not right comes back with what was typed. */
async function fromForm(
  c: Page,
  deed: (input: z.infer<typeof NewTemplate>) => Promise<{ id: number }>,
  again: (again: Again, status: 409 | 422) => Promise<Response>,
): Promise<Response> {
  const { typed, text } = await typedIn(c);
  adminOnly(c.var.who);
  if (new TextEncoder().encode(text).length > MOST_BYTES) {
    const message = "A dashboard may have at most 2 MiB.";
    return await again({ typed, issues: [{ path: "dashboard", message }] }, 422);
  }
  const dashboard = parse(text);
  if (typeof dashboard !== "object" || dashboard === null || Array.isArray(dashboard)) {
    const message = text
      ? "This is not the JSON of a dashboard."
      : "Choose a file or paste the JSON.";
    return await again({ typed, issues: [{ path: "dashboard", message }] }, 422);
  }
  const input = NewTemplate.safeParse({ name: typed.name, kind: typed.kind, dashboard });
  if (!input.success) return await again({ typed, issues: asIssues(input.error) }, 422);
  try {
    return c.redirect(`/templates/${(await deed(input.data)).id}`, 303);
  } catch (error) {
    return await again({ typed, issues: issuesOf(error) }, (error as AppError).status as 409 | 422);
  }
}

/** What a person is told of a refusal, at its place. Throws what is none. */
function issuesOf(error: unknown): Issue[] {
  if (!(error instanceof AppError && [409, 422].includes(error.status))) throw error;
  return error.more.issues ?? [{ path: "", message: error.message }];
}

const Chosen = z.object({
  username: z.string().trim().default(""),
  kind: z.string().default(""),
  pattern: z.string().trim().default(""),
  remove: z.literal("true").optional(),
});

const sameChoice = (a: Choice, b: Choice) =>
  a.user_id === b.user_id && a.kind === b.kind && a.pattern === b.pattern;

/** The choice that a form names; issues where it names none. */
async function choiceIn(
  deps: Deps,
  who: Who,
  form: z.infer<typeof Chosen>,
): Promise<Choice | Issue[]> {
  const user_id = form.username ? await templates.userNamed(deps, who, form.username) : null;
  if (user_id === undefined) return [{ path: "username", message: "There is no such user." }];
  const { kind, pattern } = form;
  const choice = NewChoice.safeParse({
    user_id,
    kind: kind || null,
    pattern: pattern || null,
  });
  return choice.success ? choice.data : asIssues(choice.error);
}

/** Under `/templates`: what the API does with templates, by plain forms. */
export function templatePages(deps: Deps) {
  const id = zValidator("param", z.object({ id: Id }), refuse);
  const listPage = async (c: Page, again?: Again, status: 200 | 409 | 422 = 200) =>
    c.html(
      <TemplatesPage
        who={c.var.who}
        templates={await templates.listTemplates(deps)}
        again={again}
      />,
      status,
    );
  const onePage = async (
    c: Page,
    again: { version?: Again; choice?: Again } = {},
    status: 200 | 409 | 422 = 200,
  ) => {
    const template = await templates.showTemplate(deps, c.var.who, Number(c.req.param("id")));
    return c.html(<TemplatePage who={c.var.who} template={template} again={again} />, status);
  };
  return new Hono<Env>()
    .get("/", (c) => listPage(c))
    .post("/", (c) =>
      fromForm(
        c,
        (input) => templates.addTemplate(deps, c.var.who, input),
        (again, status) => listPage(c, again, status),
      ))
    .get("/:id", id, (c) => onePage(c))
    .post("/:id", id, (c) =>
      fromForm(
        c,
        (input) => templates.changeTemplate(deps, c.var.who, c.req.valid("param").id, input),
        (again, status) => onePage(c, { version: again }, status),
      ))
    .get("/:id/preview", id, (c) => previewPage(c, deps, c.req.valid("param").id))
    .post("/:id/choices", id, zValidator("form", Chosen, refuse), async (c) => {
      const { id } = c.req.valid("param");
      const { remove, ...typed } = c.req.valid("form");
      adminOnly(c.var.who);
      const again = (issues: Issue[], status: 409 | 422) =>
        onePage(c, { choice: { typed, issues } }, status);
      const choice = await choiceIn(deps, c.var.who, typed);
      if (Array.isArray(choice)) return await again(choice, 422);
      const others = (now: Choice[]) => now.filter((one) => !sameChoice(one, choice));
      try {
        await templates.chooseTemplate(
          deps,
          c.var.who,
          id,
          (now) => remove ? others(now) : [...others(now), choice],
        );
      } catch (error) {
        return await again(issuesOf(error), (error as AppError).status as 409 | 422);
      }
      return c.redirect(`/templates/${id}`, 303);
    })
    .post("/:id/remove", id, async (c) => {
      await templates.removeTemplate(deps, c.var.who, c.req.valid("param").id);
      return c.redirect("/templates", 303);
    });
}
