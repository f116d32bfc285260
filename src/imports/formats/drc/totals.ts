import type { Output } from "../format.ts";
import { own } from "../own.ts";

const MOST_RULES = 100_000;

/** Counts violations, and writes them to the table `summary`: the total, then each rule and layer. */
export class Totals {
  readonly #counts = new Map<string, Map<string, number>>();
  #rules = 0;
  total = 0;

  add(rule: string, layer: string | null, count = 1) {
    this.total += count;
    let layers = this.#counts.get(rule);
    if (!layers) {
      if (this.#rules >= MOST_RULES) return;
      this.#counts.set(own(rule), layers = new Map());
    }
    const known = layers.get(layer ?? "");
    if (known === undefined && ++this.#rules > MOST_RULES) return;
    layers.set(known === undefined ? own(layer ?? "") : layer ?? "", (known ?? 0) + count);
  }

  write(out: Output) {
    const append = out.table("summary", ["rule", "layer", "count"], "drc");
    append(["Total", null, this.total]);
    if (this.#rules > MOST_RULES) {
      out.warn(`More than ${MOST_RULES} rules: the summary has the total only.`);
      return;
    }
    for (const [rule, layers] of this.#counts) {
      for (const [layer, count] of layers) append([rule, layer || null, count]);
    }
  }
}
