import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { z } from "zod";
import { TemplatePage } from "../../views/templates/template.tsx";
import { TemplatesPage } from "../../views/templates/templates.tsx";
import { AppError, type ErrorStatus } from "../errors.ts";
import { type Again, byId, form, orShow, type PageContext, type Show } from "../http/forms.ts";
import { refuse } from "../http/replies.ts";
import type { Env, Who } from "../who.ts";
import { adminOnly } from "../who.ts";
import { NewChoice, NewTemplate } from "./input.ts";
import { previewPage } from "./routes.tsx";
import type { Choice } from "./store.ts";
import * as templates from "./templates.ts";

type Deps = templates.Deps;

const MOST_BYTES = 2 * 1024 * 1024;
const NO_JSON = "This is not the JSON of a dashboard.";

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** A template; an uploaded file counts more than the text field. */
const TemplateForm = z.object({
  name: z.string().default(""),
  kind: z.string().default(""),
  dashboard: z.string().default(""),
  file: z.unknown().optional(),
}).transform(async ({ file, dashboard: typed, ...rest }, context) => {
  const text = file instanceof File && file.size > 0 ? await file.text() : typed;
  const dashboard = parse(text);
  let message = text ? NO_JSON : "Choose a file or paste the JSON.";
  if (new TextEncoder().encode(text).length > MOST_BYTES) {
    message = "A dashboard may have at most 2 MiB.";
  } else if (typeof dashboard === "object" && dashboard !== null && !Array.isArray(dashboard)) {
    return { ...rest, dashboard };
  }
  context.addIssue({ code: "custom", path: ["dashboard"], message });
  return z.NEVER;
}).pipe(NewTemplate);

const ChoiceForm = z.object({
  username: z.string().trim().default(""),
  kind: z.string().default(""),
  pattern: z.string().trim().default(""),
  remove: z.literal("true").optional(),
});

const sameChoice = (a: Choice, b: Choice) =>
  a.user_id === b.user_id && a.kind === b.kind && a.pattern === b.pattern;

/** The choice that a form names. Throws 422 with `issues` where it names none. */
async function choiceIn(
  deps: Deps,
  who: Who,
  { username, kind, pattern }: z.infer<typeof ChoiceForm>,
): Promise<Choice> {
  const user_id = username ? await templates.userNamed(deps, who, username) : null;
  if (user_id === undefined) {
    const message = "There is no such user.";
    throw new AppError("invalid_input", 422, message, { issues: [{ path: "username", message }] });
  }
  const choice = NewChoice.safeParse({ user_id, kind: kind || null, pattern: pattern || null });
  refuse(choice);
  return choice.data!;
}

async function changeChoices(deps: Deps, who: Who, id: number, typed: z.infer<typeof ChoiceForm>) {
  const named = await choiceIn(deps, who, typed);
  await templates.chooseTemplate(deps, who, id, (now) => {
    const others = now.filter((one) => !sameChoice(one, named));
    return typed.remove ? others : [...others, named];
  });
}

function pagesOf(deps: Deps) {
  const list = async (c: PageContext, again?: Again, status: 200 | ErrorStatus = 200) => {
    const all = await templates.listTemplates(deps);
    return c.html(<TemplatesPage who={c.var.who} templates={all} again={again} />, status);
  };
  const one = async (
    c: PageContext,
    again: { version?: Again; choice?: Again } = {},
    status: 200 | ErrorStatus = 200,
  ) => {
    const template = await templates.showTemplate(deps, c.var.who, Number(c.req.param("id")));
    return c.html(<TemplatePage who={c.var.who} template={template} again={again} />, status);
  };
  const ofAdmin = (show: Show): Show => (c, again, status) => {
    adminOnly(c.var.who);
    return show(c, again, status);
  };
  return {
    list,
    one,
    addition: ofAdmin(list),
    version: ofAdmin((c, version, status) => one(c, { version }, status)),
    choice: ofAdmin((c, choice, status) => one(c, { choice }, status)),
  };
}

/** Under `/templates`: what the API does with templates, by plain forms. */
export function templatePages(deps: Deps) {
  const { list, one, addition, version, choice } = pagesOf(deps);
  return new Hono<Env>()
    .get("/", (c) => list(c))
    .post("/", form(TemplateForm, addition), (c) =>
      orShow(c, { show: addition }, async () => {
        const { id } = await templates.addTemplate(deps, c.var.who, c.req.valid("form"));
        return c.redirect(`/templates/${id}`, 303);
      }))
    .get("/:id", byId, (c) => one(c))
    .post(
      "/:id",
      byId,
      form(TemplateForm, version),
      (c) =>
        orShow(c, { show: version }, async () => {
          const { id } = c.req.valid("param");
          await templates.changeTemplate(deps, c.var.who, id, c.req.valid("form"));
          return c.redirect(`/templates/${id}`, 303);
        }),
    )
    .get("/:id/preview", byId, (c) => previewPage(c, deps, c.req.valid("param").id))
    .post(
      "/:id/choices",
      byId,
      zValidator("form", ChoiceForm, refuse),
      (c) =>
        orShow(c, { show: choice }, async () => {
          adminOnly(c.var.who);
          const { id } = c.req.valid("param");
          await changeChoices(deps, c.var.who, id, c.req.valid("form"));
          return c.redirect(`/templates/${id}`, 303);
        }),
    )
    .post("/:id/remove", byId, async (c) => {
      await templates.removeTemplate(deps, c.var.who, c.req.valid("param").id);
      return c.redirect("/templates", 303);
    });
}
