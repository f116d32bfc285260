import { type Column, unitOf } from "../columns.ts";
import { canonical } from "./canonical/canonical.ts";
import type { FormatEntry } from "./entry.ts";
import { klayout } from "./klayout.ts";
import { openlane } from "./openlane.ts";
import { reportArea, reportAreaDc } from "./report_area.ts";
import { siliconcompiler } from "./siliconcompiler.ts";
import { vivadoTiming, vivadoUtilization } from "./vivado.ts";

export type Format = { name: string; source: string; read: (columns: Column[]) => Column[] };

const ENTRIES: FormatEntry[] = [
  ...canonical,
  openlane,
  siliconcompiler,
  vivadoTiming,
  vivadoUtilization,
  klayout,
  reportArea,
  reportAreaDc,
];

const plain = (name: string) => name.trim().toLowerCase();

export function formatOf(names: string[]): Format | null {
  const has = new Set(names.map(plain));
  const entry = ENTRIES.find(({ needs }) => needs.every((name) => has.has(name)));
  if (!entry) return null;
  const { name, source } = entry;
  return { name, source, read: (columns) => read(entry, columns) };
}

function read({ columns: known, spellings = [] }: FormatEntry, columns: Column[]): Column[] {
  const all = columns.map((column): Column => {
    const name = plain(column.name);
    if (!Object.hasOwn(known, name)) return column;
    const { meaning: _, unit, ...rest } = column;
    const entry = known[name]!;
    if (entry === null) return { ...rest, known: true };
    const [meaning, symbol] = typeof entry === "string" ? [entry] : entry;
    const said = unit ?? (symbol ? unitOf(`in ${symbol}`) : undefined);
    return { ...rest, meaning, known: true, ...(said && { unit: said }) };
  });
  return spellings.reduce(merged, all);
}

/** The first name of a number has it, from the columns of all its names. */
function merged(columns: Column[], names: string[]): Column[] {
  const spelled = names.flatMap((name) => columns.filter((one) => plain(one.name) === name));
  if (spelled.length < 2) return columns;
  return columns.map((column) => {
    if (!spelled.includes(column)) return column;
    const { unit: _unit, meaning, ...rest } = column;
    return column === spelled[0] ? { ...rest, ...(meaning && { meaning }), spelled } : rest;
  });
}
