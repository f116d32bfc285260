import { audited, record } from "../audit/audit.ts";
import { AppError } from "../errors.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import type { Log } from "../external/log/log.ts";
import type { SpoolFolder } from "../external/spool_folder.ts";
import { reportImport } from "../pipeline/imported/imported.ts";
import { visibleUser } from "../users/users.ts";
import type { Who } from "../who.ts";
import {
  type Deps as WorkspaceDeps,
  type OpenWorkspace,
  openWorkspace,
} from "../workspaces/reader.ts";
import { firstRowsOf } from "./first_rows.ts";
import { fieldsOf, type ImportFields } from "./fields.ts";
import { numbersOf } from "./numbers.ts";
import type { Queue } from "./queue.ts";
import { readBody, type Reading } from "./reading.ts";
import type { ImportResult } from "./result.ts";
import * as store from "./store.ts";
import { checkTables } from "./write/check.ts";
import {
  type FileValues,
  KEY,
  type Key,
  mainTable,
  planTables,
  type TablePlan,
  valuesOf,
} from "./write/plan.ts";
import { type Leftover, writeTables, type Written } from "./write/write.ts";

export type Imports = { spool: SpoolFolder; most_bytes: number; queue: Queue };
export type Deps = WorkspaceDeps & { imports: Imports; log: Log; stopped: AbortSignal };

/** A request as HTTP gave it: the body is read once. */
export type Upload = {
  query: Record<string, string>;
  body: ReadableStream<Uint8Array> | null;
  content_type: string | null;
  is_gzip: boolean;
  /** Aborted when the caller leaves. */
  signal: AbortSignal;
};

type Content = {
  reading: Reading;
  plans: TablePlan[];
  values: FileValues[];
  run_id: string;
  fields: ImportFields;
};

/** Imports the files of one call. Throws 400, 404, 409, 413, 422 and 503; then nothing is written. */
export async function importFiles(deps: Deps, who: Who, user_id: number, upload: Upload) {
  return await withContent(
    deps,
    who,
    user_id,
    upload,
    (opened, content, signal) =>
      content.fields.dry_run ? tryOut(opened, content) : write(deps, opened, who, content, signal),
  );
}

/** What importFiles() would write, with the first rows of each file. Throws as it does. */
export async function checkFiles(deps: Deps, who: Who, user_id: number, upload: Upload) {
  return await withContent(deps, who, user_id, upload, async (opened, content) => {
    const result = await tryOut(opened, content);
    return { result, first_rows: await firstRowsOf(content.reading) };
  });
}

type Work<T> = (opened: OpenWorkspace, content: Content, signal: AbortSignal) => Promise<T>;

async function withContent<T>(
  deps: Deps,
  who: Who,
  user_id: number,
  upload: Upload,
  use: Work<T>,
): Promise<T> {
  const { username } = await visibleUser(deps.db, who, user_id);
  const early = fieldsOf(upload.query, []);
  const opened = await openWorkspace(deps, user_id);
  const signal = AbortSignal.any([upload.signal, deps.stopped]);
  const work = () =>
    withDeadline(
      DEADLINES.long,
      () => read(deps, early, upload, signal, (content) => use(opened, content, signal)),
    );
  try {
    return await deps.imports.queue(signal, work);
  } catch (error) {
    if (error instanceof AppError && error.status === 409) {
      await record(
        deps.db,
        who,
        { action: "import.create", subject: username, user_id },
        "refused",
      );
    }
    throw stopped(deps, error);
  }
}

function stopped({ stopped }: Deps, error: unknown): unknown {
  if (!stopped.aborted || error !== stopped.reason) return error;
  return new AppError("stopping", 503, "Dashkeeper is stopping: send the files again.", {
    headers: { "Retry-After": "10" },
  });
}

async function read<T>(
  deps: Deps,
  early: ImportFields,
  { query, body, content_type, is_gzip }: Upload,
  signal: AbortSignal,
  use: (content: Content) => Promise<T>,
): Promise<T> {
  const { file = null, format = null, kind = null } = early;
  const start = { content_type, is_gzip, file, format, kind };
  await using reading = await readBody(deps.imports, body, start, signal);
  const fields = fieldsOf(query, reading.fields);
  if (reading.files.length === 0) {
    throw new AppError("no_file", 422, "The call has no file.");
  }
  const { run_id, files: values } = await valuesOf(reading.files, fields, new Date());
  const plans = await planTables(reading, fields, values);
  return await use({ reading, plans, values, run_id, fields });
}

async function tryOut(opened: OpenWorkspace, content: Content): Promise<ImportResult> {
  const written = await checkTables(opened, content.plans);
  const imports = content.reading.files.map((_, i) => ({
    ...shown(content, written, i),
    import_id: null,
    numbers: [],
  }));
  return { run_id: content.run_id, imports, dashboard_ids: [] };
}

/** The key of a file's rows where the rows themselves say nothing else. */
const keyOf = (values: FileValues): Key => KEY.map((name) => values[name] ?? null);

async function write(
  deps: Deps,
  opened: OpenWorkspace,
  who: Who,
  content: Content,
  signal: AbortSignal,
): Promise<ImportResult> {
  const { reading, plans, values, run_id, fields: { append, more } } = content;
  const leftovers = append ? [] : await leftoversOf(deps, opened, content);
  const written = await writeTables({ opened, reading, plans, leftovers, values, append }, signal);
  const touched = [...written, ...leftovers].map(({ kind, name }) => ({ kind, table_name: name }));
  const dashboard_ids = await reportImport(deps, opened, touched, { run_id, more });
  const ids = await saveImports(deps, opened, who, content, written);
  const imports = [];
  for (const [i] of reading.files.entries()) {
    const own = shown(content, written, i);
    const numbers = await numbersOf(deps, opened, targetsOf(content, own.tables, i));
    imports.push({ ...own, import_id: ids[i]!, numbers });
  }
  return { run_id, imports, dashboard_ids };
}

/** Tables with rows of a former import of the same files that these do not write to now. */
async function leftoversOf({ db }: Deps, opened: OpenWorkspace, content: Content) {
  const { user_id } = opened.workspace;
  const found: Leftover[] = [];
  for (const [i, { format }] of content.reading.files.entries()) {
    const key = keyOf(content.values[i]!);
    const run_id = content.values[i]!.run_id!;
    const former = await store.findFormer(db, { user_id, run_id, format, key });
    const now = content.plans.filter(({ keys }) =>
      keys.some((own) => own.every((part, n) => part === key[n]))
    );
    for (const { kind, table_name: name } of former) {
      if (now.some((plan) => plan.kind === kind && plan.name === name)) continue;
      found.push({ kind, name, keys: [key] });
    }
  }
  return found;
}

/** A file and its tables, the one of its records first. */
function shown({ reading, plans }: Content, written: Written[], i: number) {
  const { file, format, tool, warnings } = reading.files[i]!;
  const main = mainTable(reading, i);
  const own = plans.filter(({ table }) =>
    reading.tables[table]!.openings.some((opening) => opening.file === i)
  );
  const isMain = ({ table }: TablePlan) => table === main;
  const tables = own.toSorted((a, b) => Number(isMain(b)) - Number(isMain(a))).map((plan) => ({
    kind: plan.kind,
    schema_name: "public",
    table_name: plan.name,
    rows: reading.tables[plan.table]!.rows[i] ?? 0,
    created: written.some((one) => one.table === plan.table && one.created),
  }));
  return { file, format, tool, tables, warnings };
}

function targetsOf({ plans, values }: Content, tables: store.ImportedTable[], i: number) {
  const file = values[i]!.file ?? null;
  return tables.map(({ kind, table_name: name }) => {
    const plan = plans.find((one) => one.kind === kind && one.name === name)!;
    return { kind, name, keys: plan.keys.filter((key) => key[KEY.indexOf("file")] === file) };
  });
}

async function saveImports(
  { db }: Deps,
  opened: OpenWorkspace,
  who: Who,
  content: Content,
  written: Written[],
): Promise<number[]> {
  const { user_id, username } = opened.workspace;
  const subject = `${username}/${content.run_id}`;
  return await audited(db, who, { action: "import.create", subject, user_id }, async (tx) => {
    const ids: number[] = [];
    for (const [i] of content.reading.files.entries()) {
      const { tables, warnings, format, tool } = shown(content, written, i);
      const { run_id, file } = content.values[i]!;
      const key = keyOf(content.values[i]!);
      ids.push(
        await store.insertImport(tx, {
          ...{ user_id, imported_by: who.username, file: file ?? null, format, tool },
          ...{ run_id: run_id!, tables, key, warnings },
        }),
      );
    }
    return ids;
  });
}
