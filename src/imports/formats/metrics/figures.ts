import type { Cell } from "../format.ts";

/** What a metric measures; `time` is in the unit that the file (or the flow's manual) states. */
export type Quantity = "time" | "area" | "length" | "power" | "voltage" | "memory";

export type Figure = {
  /** Column of the table `runs`, without its unit. */
  column: string;
  quantity?: Quantity;
  /** Only the router has it: its last stage counts. */
  ofRouter?: true;
  /** Several tools count the same: the greatest is the number. */
  greatest?: true;
};

const of = (quantity?: Quantity) => (column: string): Figure => ({
  column,
  ...(quantity && { quantity }),
});
const [count, time, area, power] = [of(), of("time"), of("area"), of("power")];

/** METRICS 2.1 names without stage and corner; of two with one column the first that is there. */
export const FIGURES: Record<string, Figure> = {
  design__instance__area: area("area"),
  design__core__area: area("core_area"),
  design__die__area: area("die_area"),
  design__instance__utilization: count("utilization"),
  design__instance__count: count("cells"),
  design__instance__count__macros: count("macros"),
  power__total: power("power_total"),
  power__internal__total: power("power_internal"),
  power__switching__total: power("power_switching"),
  power__leakage__total: power("power_leakage"),
  timing__setup__ws: time("setup_wns"),
  timing__setup__wns: time("setup_wns"),
  timing__setup__tns: time("setup_tns"),
  timing__setup_vio__count: count("setup_violations"),
  timing__drv__setup_violation_count: count("setup_violations"),
  timing__hold__ws: time("hold_wns"),
  timing__hold__wns: time("hold_wns"),
  timing__hold__tns: time("hold_tns"),
  timing__hold_vio__count: count("hold_violations"),
  timing__drv__hold_violation_count: count("hold_violations"),
  design__max_slew_violation__count: count("slew_violations"),
  design__max_cap_violation__count: count("cap_violations"),
  design__max_fanout_violation__count: count("fanout_violations"),
  clock__skew__setup: time("skew"),
  clock__skew__worst_setup: time("skew"),
  ir__drop__worst: of("voltage")("ir_drop"),
  route__wirelength: { ...of("length")("wirelength"), ofRouter: true },
  route__vias: { ...count("vias"), ofRouter: true },
  route__drc_errors: { ...count("drc_errors"), ofRouter: true, greatest: true },
  magic__drc_error__count: { ...count("drc_errors"), greatest: true },
  klayout__drc_error__count: { ...count("drc_errors"), greatest: true },
  design__lvs_error__count: count("lvs_errors"),
  antenna__violating__nets: { ...count("antenna_violations"), ofRouter: true },
  route__antenna_violation__count: { ...count("antenna_violations"), ofRouter: true },
  flow__warnings__count: count("warnings"),
  flow__errors__count: count("errors"),
};

const SYMBOLS: Record<Quantity, string | undefined> = {
  ...{ time: undefined, area: "um^2", length: "um", power: "W", voltage: "V", memory: "kB" },
};

export const symbolOf = (quantity: Quantity | undefined, timeUnit: string | undefined) =>
  quantity === "time" ? timeUnit : quantity && SYMBOLS[quantity];

/** `um^2` ends a column's name as `_um2`. */
export const suffixed = (column: string, symbol: string | undefined) =>
  symbol ? `${column}_${symbol.toLowerCase().replace("^", "")}` : column;

/** Seconds of `0:16:38.84`, `2:16.32`, `1h51m15s0ms`; null for others. */
export function secondsOf(text: string): number | null {
  const clock = /^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/.exec(text.trim());
  if (clock) return Number(clock[1] ?? 0) * 3_600 + Number(clock[2]) * 60 + Number(clock[3]);
  const parts = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/.exec(text.trim());
  if (!parts || !text.trim()) return null;
  const [hours, minutes, seconds, ms] = parts.slice(1).map((part) => Number(part ?? 0));
  return hours! * 3_600 + minutes! * 60 + seconds! + ms! / 1_000;
}

/** A metric's number, or the text that it is instead. */
export function valueAndText(value: Cell): { value: number | null; text: string | null } {
  if (typeof value === "number") {
    return { value: Number.isFinite(value) ? value : null, text: null };
  }
  if (value === null) return { value: null, text: null };
  if (typeof value === "boolean") return { value: null, text: String(value) };
  const number = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(value.trim())
    ? Number(value)
    : NaN;
  return Number.isFinite(number) ? { value: number, text: null } : { value: null, text: value };
}
