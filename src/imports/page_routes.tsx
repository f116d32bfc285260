import { z } from "@hono/zod-openapi";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { type Answer, type ImportForm, ImportsPage } from "../../views/imports/page.tsx";
import { type Names, Text } from "../audit/page.ts";
import { AppError, type ErrorStatus } from "../errors.ts";
import { isStreamedForm } from "../http/body.ts";
import { type Again, type PageContext, refuseForged } from "../http/forms.ts";
import { addressWith, cursor, writeCursor } from "../http/paging.ts";
import { withShownNumbers } from "../measures/format.ts";
import type { Env } from "../who.ts";
import { FORMATS } from "./formats/registry.ts";
import { checkFiles, type Deps as ImportDeps, importFiles, type Upload } from "./import.ts";
import { withDashboards } from "./linked.ts";
import { hasDatabases, pageOfImports } from "./list.ts";

/** `frontend_url`: where the command for scripts leads. */
export type Deps = ImportDeps & Names & { frontend_url: string };

const PAGE_SIZE = 50;
const FORMAT_NAMES = FORMATS.map(({ name }) => name).sort();

const none = z.literal("").transform(() => undefined);
const Search = z.strictObject({
  user: Text.transform((value) => value.trim() || undefined).optional(),
  format: none.or(z.enum(FORMAT_NAMES)).optional(),
  cursor: cursor(/^[1-9]\d{0,14}$/),
});
type Search = z.infer<typeof Search>;

const search = zValidator("query", Search, (result) => {
  if (!result.success) refuseForged(result);
});

/** The list that a search finds; of an admin also by user. */
async function listOf(deps: Deps, { var: { who } }: PageContext, found: Search) {
  const { user, format } = found;
  const typed = {
    ...(user && who.role === "admin" ? { user } : {}),
    ...(format ? { format } : {}),
  };
  const user_id = typed.user === undefined ? undefined : await deps.userIdOf(typed.user);
  const isUnknown = typed.user !== undefined && user_id === undefined;
  const below = Number(found.cursor ?? Number.MAX_SAFE_INTEGER);
  const page = { limit: PAGE_SIZE, below };
  const { imports, next } = isUnknown
    ? { imports: [], next: null }
    : await pageOfImports(deps.db, who, { user_id, format }, page);
  const issues = isUnknown ? [{ path: "user", message: "There is no user of this name." }] : [];
  return {
    imports: await withDashboards(deps.db, imports),
    search: { typed, issues },
    first: found.cursor ? addressWith("/imports", typed) : undefined,
    next: next ? addressWith("/imports", { ...typed, cursor: writeCursor(next)! }) : undefined,
  };
}

type Shown = { found?: Search; again?: Again; answer?: Answer };

async function pageOf(deps: Deps, c: PageContext, { found = {}, again, answer }: Shown) {
  const { who } = c.var;
  const form: ImportForm = {
    formats: FORMAT_NAMES,
    most_bytes: deps.imports.most_bytes,
    again,
    answer,
  };
  return (
    <ImportsPage
      who={who}
      form={await hasDatabases(deps.db, who) ? form : undefined}
      list={await listOf(deps, c, found)}
      formats={FORMAT_NAMES}
      base={deps.frontend_url}
    />
  );
}

/** A form that was sent whole: its fields that are filled in, and its files. */
async function wholeForm(c: PageContext) {
  const files = new FormData();
  const typed: Record<string, string> = {};
  for (const [name, value] of await c.req.formData()) {
    if (typeof value === "string") {
      if (value !== "") typed[name] = value;
    } else if (value.name !== "" || value.size > 0) files.append("files", value);
  }
  const { body, headers } = new Response(files);
  return { typed, body, content_type: headers.get("content-type") };
}

async function uploadOf(c: PageContext): Promise<{ upload: Upload; typed: Again["typed"] }> {
  const { raw } = c.req;
  const same = { is_gzip: false, signal: raw.signal };
  if (!isStreamedForm(c)) {
    const { typed, ...form } = await wholeForm(c);
    return { upload: { ...same, ...form, query: typed }, typed };
  }
  const body = raw.body as ReadableStream<Uint8Array> | null;
  const content_type = c.req.header("content-type") ?? null;
  return { upload: { ...same, body, content_type, query: c.req.query() }, typed: {} };
}

async function answerTo(deps: Deps, { var: { who } }: PageContext, upload: Upload) {
  const { user_id } = who;
  const { result, first_rows } = upload.query.dry_run === "true"
    ? await checkFiles(deps, who, user_id, upload)
    : { result: await importFiles(deps, who, user_id, upload), first_rows: [] };
  const files = result.imports.map((file, i) => ({
    ...withShownNumbers(file),
    user_id,
    first_rows: first_rows[i],
  }));
  return { run_id: result.run_id, files: await withDashboards(deps.db, files) };
}

const NOT_READ = ". Import the other files without it, or its values as CSV or JSON.";

/** What is wrong, at its field or, with an empty path, at the files. */
const faultsIn = ({ message, more: { issues } }: AppError) =>
  issues?.length
    ? issues
    : [{ path: "", message: message.endsWith("not read yet") ? message + NOT_READ : message }];

/** `/imports`: the list, and the form by which a person imports into the own databases. */
export function importPages(deps: Deps) {
  return new Hono<Env>()
    .get("/", search, async (c) => c.html(await pageOf(deps, c, { found: c.req.valid("query") })))
    .post("/", async (c) => {
      const { upload, typed } = await uploadOf(c);
      let status: ErrorStatus | 200 | 201 = 200;
      const shown: Shown = {};
      try {
        shown.answer = await answerTo(deps, c, upload);
        status = shown.answer.files.some(({ import_id }) => import_id !== null) ? 201 : 200;
        if (status === 200) shown.again = { typed, issues: [] };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        status = error.status;
        for (const [name, text] of Object.entries(error.more.headers ?? {})) c.header(name, text);
        shown.again = { typed, issues: faultsIn(error) };
      }
      return c.html(await pageOf(deps, c, shown), status);
    });
}
