import { z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import imports from "../../docs/imports.md" with { type: "text" };
import troubleshooting from "../../docs/troubleshooting.md" with { type: "text" };
import { CheckRow, DiagnosisPage } from "../../views/diagnosis.tsx";
import { DocumentPage } from "../../views/document.tsx";
import { AppError } from "../errors.ts";
import { refuse } from "../http/replies.ts";
import type { Env } from "../who.ts";
import { type Deps, showCheck, showDiagnosis } from "./diagnose.ts";
import { readMarkdown } from "./markdown.ts";

const ByName = z.object({ name: z.string().max(500) });

/** `/diagnosis`: all checks, and one alone (as a row where htmx asks). Admins only. */
export function diagnosisPages(deps: Deps) {
  return new Hono<Env>()
    .get("/", async (c) => {
      const { checks } = await showDiagnosis(deps, c.var.who);
      c.header("Cache-Control", "no-store");
      return c.html(<DiagnosisPage who={c.var.who} checks={checks} />);
    })
    .get("/check", zValidator("query", ByName, refuse), async (c) => {
      const check = await showCheck(deps, c.var.who, c.req.valid("query").name);
      const isRow = c.req.header("hx-request") === "true";
      c.header("Cache-Control", "no-store");
      if (check) {
        return c.html(
          isRow
            ? <CheckRow check={check} />
            : <DiagnosisPage who={c.var.who} checks={[check]} single />,
        );
      }
      // A cause that is gone: its row goes as well.
      if (isRow) return c.body("", 200, { "Content-Type": "text/html" });
      throw new AppError("check_unknown", 404, "There is no such check now: run all checks.");
    });
}

const documents = Object.entries({ imports, troubleshooting });

/** `/docs`: for all who are signed in. */
export function documentPages() {
  const pages = new Hono<Env>();
  for (const [name, text] of documents) {
    const blocks = readMarkdown(text);
    pages.get(`/${name}`, (c) => c.html(<DocumentPage who={c.var.who} blocks={blocks} />));
  }
  return pages;
}
