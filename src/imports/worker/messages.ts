import type { Said } from "../formats/format.ts";
import type { Type } from "../tables.ts";
import type { Kind } from "../../workspaces/names.ts";

export type Warning = { line: number | null; message: string };

/** One file of a call, read. */
export type ParsedFile = {
  file: string | null;
  format: string;
  kind: Kind;
  tool: string | null;
  /** The table of its records. */
  table: string;
  said: Said;
  /** Hash of its content, unpacked. */
  hash: string;
  bytes: number;
  warnings: Warning[];
};

export type ParsedColumn = { name: string; type: Type; is_empty: boolean; varies: boolean };

export type ParsedTable = {
  kind: Kind;
  name: string;
  columns: ParsedColumn[];
  /** By file; a file without rows of it has none. */
  rows: number[];
  openings: { file: number; columns: number[] }[];
};

export type Parsed = {
  files: ParsedFile[];
  tables: ParsedTable[];
  /** The fields of a form. */
  fields: [name: string, value: string][];
};

/** `column`: the spooled cell; `fill`: the value where there is none, by file. */
export type CopyColumn = { column: number | null; type: string; fill: number | null };
export type CopyPlan = { columns: CopyColumn[]; fills: (string | null)[][] };

export type Start = {
  /** A folder that is there and empty. */
  folder: string;
  content_type: string | null;
  is_gzip: boolean;
  most_bytes: number;
  file: string | null;
  format: string | null;
  kind: Kind | null;
};

/** `status` as of an AppError. */
export type Fault = {
  code: string;
  status: 400 | 413 | 422;
  message: string;
  file?: string | null;
  line?: number;
};

export type ToWorker =
  | { start: Start }
  | { chunk: Uint8Array }
  | { end: true }
  | { keys: { table: number; columns: number[] } }
  | { first: { table: number; columns: (number[] | undefined)[]; most: number } }
  | { copy: { table: number; plan: CopyPlan } }
  | { next: true };

export type FromWorker =
  | { ready: true }
  | { taken: true }
  | { parsed: Parsed }
  | { keys: { file: number; cells: (string | null)[] }[] | null }
  | { first: { file: number; cells: (string | null)[] }[] }
  | { block: Uint8Array | null }
  | { fault: Fault }
  | { crash: string };
