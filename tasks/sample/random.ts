/**
 * Random numbers that come again for the same keys (seed, table, run, design …), so that one run can
 * be made without the runs before it. FNV-1a turns the keys into the state of a mulberry32.
 */
export function randomOf(...keys: (string | number)[]) {
  let state = 2166136261;
  for (const char of keys.join("/")) state = Math.imul(state ^ char.charCodeAt(0), 16777619);

  function unit() {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    /** From 0 up to, not including, 1. */
    unit,
    between: (low: number, high: number) => low + unit() * (high - low),
    /** A whole number from `low` to `high`, both included. */
    int: (low: number, high: number) => low + Math.floor(unit() * (high - low + 1)),
    normal: (mean: number, deviation: number) =>
      mean + deviation * Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
    pick: <T>(list: readonly T[]): T => list[Math.floor(unit() * list.length)]!,
    chance: (share: number) => unit() < share,
  };
}

/** Cut to so many places, as a report prints it. */
export function round(value: number, places: number): number {
  return Number(value.toFixed(places)) + 0; // + 0: no negative zero
}
