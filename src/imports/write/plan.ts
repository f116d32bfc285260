import type { ImportFields } from "../fields.ts";
import type { Said } from "../formats/format.ts";
import type { Reading } from "../reading.ts";
import { meaningOf, type Shape, wordsOf } from "../../measures/columns.ts";
import { NOT_OF_RUN } from "../../measures/mapping/runs.ts";
import { canonicalColumn, COMMON, firstColumns, type Type } from "../tables.ts";
import type { CopyPlan, ParsedFile, ParsedTable } from "../worker/messages.ts";
import type { Kind } from "../../workspaces/names.ts";

export const COMMON_NAMES = Object.keys(COMMON);
/** Rows with the same values of these are replaced. */
export const KEY = [
  "run_id",
  "design",
  "platform",
  "variant",
  "stage",
  "corner",
  "format",
  "file",
] as const;
export type Key = (string | null)[];

/** The common cells of a file's rows, by column. */
export type FileValues = Record<string, string | null>;

/** A column that the import writes; `from`: where in the spool. */
export type WrittenColumn = { name: string; type: Type; is_empty: boolean; from: number | null };

export type TablePlan = {
  kind: Kind;
  name: string;
  /** Its number in the reading. */
  table: number;
  columns: WrittenColumn[];
  /** What a new table has besides. */
  first: { name: string; type: Type }[];
  keys: Key[];
  values: FileValues[];
};

type Shared = Pick<Said, "design" | "platform" | "variant" | "run_id" | "run_ts">;
const SHARED = ["design", "platform", "variant", "run_id", "run_ts"] as const;

/** What all files of a call that say it say alike. */
function sharedBy(files: ParsedFile[]): Shared {
  const found = SHARED.flatMap((name) => {
    const said = new Set(files.flatMap(({ said }) => said[name] ?? []));
    return said.size === 1 ? [[name, [...said][0]!] as const] : [];
  });
  return Object.fromEntries(found);
}

async function hashOf(files: ParsedFile[]): Promise<string> {
  const all = files.map(({ hash }) => hash).sort().join("\n");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(all));
  return `sha-${new Uint8Array(hash).toHex().slice(0, 16)}`;
}

/** Without a zone it is UTC. */
const inUtc = (time: string) => /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`;

/** What the call says wins over what the file says, over what the other files say. */
export async function valuesOf(
  files: ParsedFile[],
  fields: ImportFields,
  now: Date,
): Promise<{ run_id: string; files: FileValues[] }> {
  const shared = sharedBy(files);
  const run_id = fields.run_id ?? shared.run_id ?? await hashOf(files);
  const values = files.map(({ said, tool, format, file }): FileValues => {
    const from = (name: typeof SHARED[number]) =>
      fields[name] ?? said[name] ?? shared[name] ?? null;
    return {
      run_id: from("run_id") ?? run_id,
      run_ts: inUtc(from("run_ts") ?? now.toISOString()),
      design: from("design"),
      platform: from("platform"),
      variant: from("variant"),
      stage: fields.stage ?? said.stage ?? null,
      corner: fields.corner ?? said.corner ?? null,
      git_commit: fields.git_commit ?? null,
      tool,
      tool_version: fields.tool_version ?? said.tool_version ?? null,
      format,
      file: fields.file ?? file,
    };
  });
  return { run_id, files: values };
}

const isIn = ({ openings }: ParsedTable, file: number) =>
  openings.some((opening) => opening.file === file);

/** The table of a file's records: its format's, else the first one; -1: it has none. */
export function mainTable({ files, tables }: Reading, file: number): number {
  const { kind, table } = files[file]!;
  const own = tables.findIndex((one) => isIn(one, file) && one.kind === kind && one.name === table);
  return own >= 0 ? own : tables.findIndex((one) => isIn(one, file));
}

/** `table=NAME` names the table of the records; others are named after it. */
function nameOf(reading: Reading, i: number, { table }: ImportFields): string {
  const { name, openings } = reading.tables[i]!;
  if (table === undefined) return name;
  if (openings.some(({ file }) => mainTable(reading, file) === i)) return table;
  const end = `_${name}`;
  return `${[...table].slice(0, 63 - end.length).join("")}${end}`;
}

const shapeOf = (type: Type): Shape =>
  type === "timestamptz" ? "time" : type === "text" || type === "boolean" ? type : "number";

/** In tables that we do not know, a column may say a row's run or design under another name. */
function meant(name: string, { columns, kind, name: table }: ParsedTable): number {
  const { meaning } = COMMON[name]!;
  if (!meaning || meaning === "tool" || firstColumns(kind, table).length > COMMON_NAMES.length) {
    return -1;
  }
  return columns.findIndex((column) => {
    const shape = shapeOf(column.type);
    return !column.is_empty && (shape === "time") === (meaning === "time") &&
      meaningOf(column.name, shape) === meaning &&
      !wordsOf(column.name).some((word) => NOT_OF_RUN.has(word));
  });
}

function columnsOf(table: ParsedTable, fields: ImportFields): WrittenColumn[] {
  const own = table.columns.map((column, from): WrittenColumn => ({ ...column, from }));
  const common = COMMON_NAMES.map((name): WrittenColumn => {
    const given = name in fields && fields[name as keyof ImportFields] !== undefined;
    const found = given
      ? undefined
      : own.find((column) => column.name === name) ?? own[meant(name, table)];
    const { type } = COMMON[name]!;
    return { name, type, is_empty: false, from: found?.from ?? null };
  });
  return [...common, ...own.filter(({ name }) => !COMMON_NAMES.includes(name))];
}

async function keysOf(
  reading: Reading,
  table: number,
  columns: WrittenColumn[],
  values: FileValues[],
): Promise<Key[]> {
  const inRows = KEY.filter((name) =>
    columns.some((one) => one.name === name && one.from !== null)
  );
  const fills = (file: number) => KEY.map((name) => values[file]![name]!);
  if (inRows.length === 0) {
    const files = new Set(reading.tables[table]!.openings.map(({ file }) => file));
    return [...files].map(fills);
  }
  const found = await reading.keys(
    table,
    inRows.map((name) => columns.find((one) => one.name === name)!.from!),
  );
  return found.map(({ file, cells }) =>
    KEY.map((name, i) => cells[inRows.indexOf(name)] ?? fills(file)[i]!)
  );
}

/** The rows are of several runs, which differ in their times only. */
function hasOwnTimes(table: ParsedTable, columns: WrittenColumn[], { run_id }: ImportFields) {
  const from = (name: string) => columns.find((column) => column.name === name)!.from;
  const time = from("run_ts");
  return run_id === undefined && from("run_id") === null && time !== null &&
    table.columns[time]!.varies;
}

/** What is to be written where. */
export async function planTables(
  reading: Reading,
  fields: ImportFields,
  values: FileValues[],
): Promise<TablePlan[]> {
  const plans: TablePlan[] = [];
  for (const [i, table] of reading.tables.entries()) {
    const columns = columnsOf(table, fields);
    const own = hasOwnTimes(table, columns, fields)
      ? values.map((file) => ({ ...file, run_id: null }))
      : values;
    plans.push({
      kind: table.kind,
      name: nameOf(reading, i, fields),
      table: i,
      columns,
      first: firstColumns(table.kind, table.name).map((name) => {
        return { name, type: canonicalColumn(table.kind, table.name, name)!.type };
      }),
      keys: await keysOf(reading, i, columns, own),
      values: own,
    });
  }
  return plans;
}

/** How the worker writes the rows for COPY; `types` as the table has them. */
export function copyPlan(
  { columns, values }: TablePlan,
  types: Map<string, string>,
): CopyPlan {
  return {
    columns: columns.map(({ name, from }) => ({
      column: from,
      type: types.get(name)!,
      fill: COMMON_NAMES.includes(name) ? COMMON_NAMES.indexOf(name) : null,
    })),
    fills: values.map((file) => COMMON_NAMES.map((name) => file[name] ?? null)),
  };
}
