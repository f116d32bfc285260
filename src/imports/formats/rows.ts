import type { Kind } from "../../workspaces/names.ts";
import type { Append, Cell, Output } from "./format.ts";

export type Row = Record<string, Cell>;
export type OpenTable = (kind: Kind, table: string, columns: readonly string[]) => Append;
export type WriteRow = (kind: Kind, table: string, row: Row) => void;

/** Opens a table once for each set of columns. */
export function tableOpener(out: Output): OpenTable {
  const open = new Map<string, Append>();
  return (kind, table, columns) => {
    const key = `${table}\n${columns}`;
    let append = open.get(key);
    if (!append) open.set(key, append = out.table(table, columns, kind));
    return append;
  };
}

/** Writes rows given by column name. */
export function rowWriter(open: OpenTable): WriteRow {
  return (kind, table, row) => open(kind, table, Object.keys(row))(Object.values(row));
}
