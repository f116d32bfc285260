import { type Column, unitOf } from "./columns.ts";
import { textOf } from "./sql.ts";

/** How people write units; others stand as the name has them. */
const WRITTEN: Record<string, string> = {
  um2: "µm²",
  mm2: "mm²",
  um: "µm",
  w: "W",
  mw: "mW",
  uw: "µW",
  nw: "nW",
  pct: "%",
  percent: "%",
  sec: "s",
  secs: "s",
  seconds: "s",
  mins: "min",
  minutes: "min",
  hours: "h",
  us: "µs",
};

/** A unit as a table's own column states it: `1ps`, `um^2`, `%`. At most 20 characters. */
export function writtenUnit(text: string | null): string | null {
  const stated = (text ?? "").trim().replace(/^1(?=\s*\p{L})/u, "").trim();
  if (stated === "") return null;
  const symbol = unitOf(`in ${stated}`)?.symbol;
  return symbol ? WRITTEN[symbol] ?? symbol : [...stated].slice(0, 20).join("");
}

/** The unit that a column's name states, as people write it. */
export const symbolOf = ({ unit }: Pick<Column, "unit">) =>
  unit ? WRITTEN[unit.symbol] ?? unit.symbol : null;

/** What one unit is of the base unit of its kind: s, m, W, m². */
const SIZES: Record<string, [kind: string, size: number]> = {
  fs: ["time", 1e-15],
  ps: ["time", 1e-12],
  "10ps": ["time", 1e-11],
  "100ps": ["time", 1e-10],
  ns: ["time", 1e-9],
  "µs": ["time", 1e-6],
  ms: ["time", 1e-3],
  s: ["time", 1],
  min: ["time", 60],
  h: ["time", 3600],
  nW: ["power", 1e-9],
  "µW": ["power", 1e-6],
  mW: ["power", 1e-3],
  W: ["power", 1],
  "µm²": ["area", 1e-12],
  "mm²": ["area", 1e-6],
};

/** The value in another unit, without the noise of binary fractions; undefined between unlike units. */
export function converted(value: number, from: string | null, to: string | null) {
  if (from === to) return value;
  const [a, b] = [from, to].map((unit) => SIZES[unit ?? ""]);
  return a && b && a[0] === b[0] ? Number((value * a[1] / b[1]).toPrecision(14)) : undefined;
}

/** Nanoseconds in one unit of time, as tools spell it beside a value (`1ps`). */
const NANOSECONDS = { "1fs": 1e-6, "1ps": 1e-3, "10ps": 1e-2, "100ps": 0.1, "1ns": 1, "1us": 1e3 };

/** Times whose unit stands in a column of the row, in the unit `target`, as SQL; where none stands, null. */
export function inUnit(value: string, unit: Column, target: string): string {
  const said = `pg_catalog.lower(pg_catalog.replace(${textOf(unit)}, ' ', ''))`;
  const one = Object.entries(NANOSECONDS).find(([name]) => name === `1${target}`)?.[1] ?? 1;
  const cases = Object.entries(NANOSECONDS).map(([name, size]) =>
    `WHEN ${said} IN ('${name}', '${name.replace(/^1(?=[a-z])/, "")}') THEN (${value})${
      size === one ? "" : ` * ${size / one}::float8`
    }`
  );
  return `CASE ${cases.join(" ")} END`;
}
