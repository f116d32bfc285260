import type { Output } from "../format.ts";
import { own } from "../own.ts";

const MOST_RULES = 100_000;

type Count = { rule: string; layer: string | null; count: number };

/** Counts violations, and writes them to the table `summary`: the total, then each rule and layer. */
export class Totals {
  readonly #counts = new Map<string, Count>();
  #isFull = false;
  total = 0;

  add(rule: string, layer: string | null) {
    this.total++;
    const key = `${rule}\0${layer ?? ""}`;
    const known = this.#counts.get(key);
    if (known) known.count++;
    else if (this.#counts.size >= MOST_RULES) this.#isFull = true;
    else {
      const kept = own(key);
      const [ruleOf, layerOf] = [kept.slice(0, rule.length), kept.slice(rule.length + 1)];
      this.#counts.set(kept, { rule: ruleOf, layer: layerOf || null, count: 1 });
    }
  }

  write(out: Output) {
    const append = out.table("summary", ["rule", "layer", "count"], "drc");
    append(["Total", null, this.total]);
    if (this.#isFull) {
      out.warn(`More than ${MOST_RULES} rules: the summary has the total only.`);
      return;
    }
    for (const { rule, layer, count } of this.#counts.values()) append([rule, layer, count]);
  }
}
