import type { Signs } from "./film_probe.ts";
import { judgePanels } from "./film_verdict.ts";
import type { Wire } from "./film_wire.ts";

/** Five checks, 100 ms apart, must see the page settled. */
export const CHECK_MS = 100;
const CHECKS = 5;
/** Clocks and streams never rest: how long a change of the panels is waited out once all answered. */
const CHANGE_MS = 2000;

/** When the page is finished: one check after the other, `now` in ms. */
export class Readiness {
  #calm = 0;
  #hash = "";
  #answeredAt: number | undefined;

  /** The last check found the page settled. */
  get isCalm(): boolean {
    return this.#calm > 0;
  }

  /** True at the fifth check in a row that finds the page settled. */
  check(wire: Wire, signs: Signs, now: number): boolean {
    const isAnswered = judgePanels(wire, signs).every(({ state }) => state !== "waiting");
    this.#answeredAt = isAnswered ? this.#answeredAt ?? now : undefined;
    const isSettled = isAnswered && wire.isQuiet && signs.loading.length === 0;
    const isStill = signs.hash === this.#hash || now - (this.#answeredAt ?? now) >= CHANGE_MS;
    this.#hash = signs.hash;
    this.#calm = isSettled ? (isStill ? this.#calm + 1 : 1) : 0;
    return this.#calm >= CHECKS;
  }
}
