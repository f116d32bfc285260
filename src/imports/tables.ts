import { type CanonicalColumn, spellings } from "../measures/formats/canonical/column.ts";
import { TABLES } from "../measures/formats/canonical/canonical.ts";
import { COMMON } from "../measures/formats/canonical/run_columns.ts";
import type { Kind } from "../workspaces/names.ts";

export type { CanonicalColumn, Type } from "../measures/formats/canonical/column.ts";
export { COMMON };

function columnsOf(kind: Kind, table: string): [name: string, column: CanonicalColumn][] {
  const known = TABLES.find((one) => one.kind === kind && one.name === table)?.columns;
  return Object.entries({ ...COMMON, ...known });
}

/** The canonical column of this name, with or without a unit (`slack_ns`); undefined for others. */
export function canonicalColumn(kind: Kind, table: string, name: string) {
  return columnsOf(kind, table)
    .find(([base, column]) => spellings(base, column).includes(name))?.[1];
}

/** Names of the columns that a table has from the start, the common ones first. */
export function firstColumns(kind: Kind, table: string): string[] {
  return columnsOf(kind, table).filter(([, { always }]) => always).map(([name]) => name);
}
