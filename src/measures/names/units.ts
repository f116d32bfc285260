import { type Column, type Unit, unitOf, wordsOf } from "../columns.ts";

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
  hrs: "h",
  us: "µs",
  mhz: "MHz",
  ghz: "GHz",
  kge: "kGE",
};

/** Normalizes a unit from a table's unit column: `1ps`, `um^2`, `%`. At most 20 characters. */
export function writtenUnit(text: string | null): string | null {
  const stated = (text ?? "").trim().replace(/^1(?=\s*\p{L})/u, "").trim();
  if (stated === "") return null;
  const exponent = Object.keys(EXPONENTS).find((unit) =>
    EXPONENTS[unit]!.includes(stated.toLowerCase().replaceAll(" ", ""))
  );
  if (exponent) return exponent;
  const symbol = unitOf(`in ${stated}`)?.symbol;
  return symbol ? WRITTEN[symbol] ?? symbol : [...stated].slice(0, 20).join("");
}

export const symbolOf = ({ unit }: Pick<Column, "unit">) =>
  unit ? WRITTEN[unit.symbol] ?? unit.symbol : null;

/** Each unit in the base unit of its kind: s, m, W, m². */
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
  MHz: ["frequency", 1e6],
  GHz: ["frequency", 1e9],
};

/** Rounds off binary noise; undefined between units of different kinds. */
export function converted(value: number, from: string | null, to: string | null) {
  if (from === to) return value;
  const [a, b] = [from, to].map((unit) => SIZES[unit ?? ""]);
  return a && b && a[0] === b[0] ? Number((value * a[1] / b[1]).toPrecision(14)) : undefined;
}

/** Spellings in lower case; `1ps` and `10ps` are time steps of a tool. */
const SPELLINGS: Record<string, string> = {
  nw: "nW",
  uw: "µW",
  "µw": "µW",
  mw: "mW",
  w: "W",
  um2: "µm²",
  "um^2": "µm²",
  mm2: "mm²",
  "mm^2": "mm²",
  us: "µs",
  sec: "s",
  secs: "s",
  seconds: "s",
  mins: "min",
  minutes: "min",
  hr: "h",
  hrs: "h",
  hours: "h",
};

/** SQL: converts `value` from the unit in the SQL `unit` to `target`; NULL for unknown units. */
export function inUnit(value: string, unit: string, target: string): string {
  const stated =
    `pg_catalog.regexp_replace(pg_catalog.lower(pg_catalog.replace(${unit}, ' ', '')), '^1(e-?\\d+)?(?=[a-z])', '\\1')`;
  const [kind, one] = SIZES[target] ?? ["", 1];
  const cases = Object.entries(SIZES).filter(([, [other]]) => other === kind).map(
    ([name, [, size]]) => {
      const spelled = Object.entries(SPELLINGS).filter(([, written]) => written === name)
        .map(([spelling]) => spelling);
      const power = kind === "time" && name === "s" ? [] : EXPONENTS[name] ?? [];
      const list = [...new Set([name.toLowerCase(), ...spelled, ...power])].map((one) =>
        `'${one}'`
      );
      const factor = Number((size / one).toPrecision(12));
      return `WHEN ${stated} IN (${list.join(", ")}) THEN (${value})${
        factor === 1 ? "" : ` * ${factor}::float8`
      }`;
    },
  );
  return cases.length > 0 ? `CASE ${cases.join(" ")} END` : value;
}

/** Time units as Liberty and OpenSTA write them. */
const EXPONENTS: Record<string, string[]> = {
  ps: ["e-12s", "1e-12s", "1.0e-12s"],
  ns: ["e-09s", "e-9s", "1e-9s", "1e-09s", "1.0e-9s"],
  fs: ["e-15s", "1e-15s"],
};

/** Parses a unit that a person typed: `ns`, `µm²`, `%`, `min`; undefined when unknown. */
export function unitNamed(text: string): Unit | undefined {
  const typed = text.trim();
  const name = `in ${typed === "min" ? "mins" : typed}`;
  return wordsOf(name).length === 2 ? unitOf(name) : undefined;
}

/** "time", "power", "area" or "frequency"; other units are their own kind. */
export function kindOfUnit(unit: Unit): string {
  const symbol = symbolOf({ unit })!;
  return SIZES[symbol]?.[0] ?? symbol;
}

export function grafanaOf(symbol: string): string {
  return unitOf(`in ${symbol}`)?.grafana ?? `suffix: ${symbol}`;
}
