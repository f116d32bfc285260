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
  return { name, source, read: (columns) => merged(entry, read(entry, columns)) };
}

function read({ columns: known }: FormatEntry, columns: Column[]): Column[] {
  return columns.map((column) => {
    const name = plain(column.name);
    if (!Object.hasOwn(known, name)) return column;
    const { meaning: _, unit, ...rest } = column;
    const entry = known[name]!;
    if (entry === null) return { ...rest, known: true };
    const [meaning, symbol] = typeof entry === "string" ? [entry] : entry;
    const said = unit ?? (symbol ? unitOf(`in ${symbol}`) : undefined);
    return { ...rest, meaning, known: true, ...(said && { unit: said }) };
  });
}

/** One column for each number, however its names state the unit; the others keep no meaning. */
function merged({ spellings = {} }: FormatEntry, columns: Column[]): Column[] {
  const baseOf = ({ name, meaning }: Column) => meaning && spellings[plain(name)];
  const groups = Map.groupBy(columns, baseOf);
  return columns.map((column) => {
    const base = baseOf(column);
    const own = base === undefined ? [] : groups.get(base)!;
    if (own.length < 2) return column;
    const { meaning, unit: _, ...rest } = column;
    return column === own[0] ? { ...rest, meaning: meaning!, spelled: own } : rest;
  });
}
