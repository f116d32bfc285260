import { type Meaning, meaningOf } from "../../../measures/columns.ts";
import { TABLES } from "../../../measures/formats/canonical/canonical.ts";
import type { Kind } from "../../../workspaces/names.ts";
import { canonicalColumn } from "../../tables.ts";

export type Destination = { kind: Kind; table: string; isCanonical: boolean };

const LONGEST_NAME = 50;

const QOR: Meaning[] = [
  ...["area", "power", "utilization", "cells", "wirelength", "vias", "runtime", "memory"] as const,
  ...["metric", "site_type", "used", "test", "ir_drop", "leakage"] as const,
];
const DRC: Meaning[] = ["rule", "drc_total", "severity", "waived"];
const TIMING: Meaning[] = [
  ...["slack", "startpoint", "endpoint", "path_group", "path_type", "skew", "frequency"] as const,
  ...["setup_wns", "setup_tns", "hold_wns", "hold_tns"] as const,
];

function kindOf(columns: readonly string[]): Kind {
  const meanings = new Set(columns.flatMap((name) => [
    meaningOf(name, "number"),
    meaningOf(name, "text"),
  ]));
  const has = (some: Meaning[]) => some.some((meaning) => meanings.has(meaning));
  if (has(QOR)) return "qor";
  return has(DRC) ? "drc" : has(TIMING) ? "timing" : "qor";
}

/** A date in a file's name names its run, not its table. */
const STAMP =
  /(?<!\d)(?:19|20)\d\d[-_.]?[01]\d[-_.]?[0-3]\d(?:[-_.T]?[0-2]\d[-_.:]?\d\d(?:[-_.:]?\d\d)?)?(?!\d)/g;

const EXTENSION = /(?:\.(?:gz|csv|tsv|psv|txt|rpt|report|log|dat|out|json|jsonl|ndjson))+$/i;

/** Flows number the files of their steps: `34-irdrop.rpt`. */
function nameOf(file: string): string {
  const base = file.replace(/^.*[\\/]/, "").replace(EXTENSION, "").replace(STAMP, "_");
  const words = base.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^[\d_]+_/, "");
  return words.replace(/^_+/, "").slice(0, LONGEST_NAME).replace(/_+$/, "");
}

/** A canonical table only where it knows every column; else one of the file's own name. */
export function destinationOf(
  columns: readonly string[],
  file: string,
  suffix: string,
): Destination {
  const fits = TABLES.find(({ kind, name, columns: own }) =>
    Object.entries(own).every(([column, { always }]) => !always || columns.includes(column)) &&
    columns.every((column) => canonicalColumn(kind, name, column))
  );
  if (fits) return { kind: fits.kind, table: fits.name, isCanonical: true };
  const kind = kindOf(columns);
  const name = nameOf(file);
  if (!/^\p{L}/u.test(name)) {
    return { kind, table: name ? `${suffix}_${name}` : suffix, isCanonical: false };
  }
  const isTaken = TABLES.some((one) => one.kind === kind && one.name === name);
  return { kind, isCanonical: false, table: isTaken ? `${name}_${suffix}` : name };
}
