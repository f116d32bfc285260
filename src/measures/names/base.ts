import type { Column } from "../columns.ts";

/** `slack` of `slack_ns`: the name without the unit that it ends in. */
export const baseOf = ({ name, unit }: Column) =>
  unit && name.toLowerCase().endsWith(`_${unit.symbol}`)
    ? name.slice(0, -unit.symbol.length - 1)
    : name;
