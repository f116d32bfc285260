import { type Column, type Unit, unitOf, wordsOf } from "../columns.ts";

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
  hrs: "h",
  us: "µs",
  mhz: "MHz",
  ghz: "GHz",
  kge: "kGE",
};

/** A unit as a table's own column states it: `1ps`, `um^2`, `%`. At most 20 characters. */
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
  MHz: ["frequency", 1e6],
  GHz: ["frequency", 1e9],
};

/** The value in another unit, without the noise of binary fractions; undefined between unlike units. */
export function converted(value: number, from: string | null, to: string | null) {
  if (from === to) return value;
  const [a, b] = [from, to].map((unit) => SIZES[unit ?? ""]);
  return a && b && a[0] === b[0] ? Number((value * a[1] / b[1]).toPrecision(14)) : undefined;
}

/** How people and tools spell a unit, lower case; `1ps` and `10ps` stand for steps of a tool's time. */
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

/** A value whose unit stands in SQL beside it, in the unit `target`, as SQL; where no such unit stands, null. */
export function inUnit(value: string, unit: string, target: string): string {
  const said =
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
      return `WHEN ${said} IN (${list.join(", ")}) THEN (${value})${
        factor === 1 ? "" : ` * ${factor}::float8`
      }`;
    },
  );
  return cases.length > 0 ? `CASE ${cases.join(" ")} END` : value;
}

/** Liberty's and OpenSTA's way to write a unit of time: `1e-12s`. */
const EXPONENTS: Record<string, string[]> = {
  ps: ["e-12s", "1e-12s", "1.0e-12s"],
  ns: ["e-09s", "e-9s", "1e-9s", "1e-09s", "1.0e-9s"],
  fs: ["e-15s", "1e-15s"],
};

/** A unit as a person names it: `ns`, `µm²`, `%`, `min`; undefined where it is none that is known. */
export function unitNamed(text: string): Unit | undefined {
  const said = text.trim();
  const name = `in ${said === "min" ? "mins" : said}`;
  return wordsOf(name).length === 2 ? unitOf(name) : undefined;
}

/** What a unit measures: "time", "power", "area", "frequency"; of others the unit itself as it is written. */
export function kindOfUnit(unit: Unit): string {
  const symbol = symbolOf({ unit })!;
  return SIZES[symbol]?.[0] ?? symbol;
}

/** Grafana's id of a unit as people write it. */
export function grafanaOf(symbol: string): string {
  return unitOf(`in ${symbol}`)?.grafana ?? `suffix: ${symbol}`;
}
