import type { Signs } from "./signs.ts";
import { evaluatePanels } from "./evaluate.ts";
import type { NetworkLog } from "./network_log.ts";

/** Five checks, 100 ms apart, must see the page settled. */
export const CHECK_MS = 100;
const CHECKS = 5;
/** Clocks and streams never rest: how long a change of the panels is waited out once all answered. */
const CHANGE_MS = 2000;
/** Requests that never end are the same: how long others than the panels' queries are waited for. */
const TRAFFIC_MS = 1500;
/**
 * Some data sources answer in the page, or by calls that name no panel: so long must a panel be drawn,
 * with no query under way, before it counts as one of theirs.
 */
const SILENT_MS = 3000;

/** When the page is finished: one check after the other, `now` in ms. */
export class Readiness {
  #calm = 0;
  #hash = "";
  #answeredAt: number | undefined;
  #silentAt: number | undefined;

  /** The last check found the page settled. */
  get isCalm(): boolean {
    return this.#calm > 0;
  }

  /** True at the fifth check in a row that finds the page settled. */
  check(network: NetworkLog, signs: Signs, now: number): boolean {
    const isAnswered = signs.loading.length === 0 && this.#isAnswered(network, signs, now);
    this.#answeredAt = isAnswered ? this.#answeredAt ?? now : undefined;
    const waited = now - (this.#answeredAt ?? now);
    const isSettled = isAnswered && (network.isQuiet || waited >= TRAFFIC_MS);
    const isStill = signs.hash === this.#hash || waited >= CHANGE_MS;
    this.#hash = signs.hash;
    this.#calm = isSettled ? (isStill ? this.#calm + 1 : 1) : 0;
    return this.#calm >= CHECKS;
  }

  /** Every panel has its answer, or asks for none over the network. */
  #isAnswered(network: NetworkLog, signs: Signs, now: number): boolean {
    const isWaiting = ({ state }: { state: string }) => state === "waiting";
    const waiting = evaluatePanels(network, signs).filter(isWaiting);
    const isSilent = waiting.length > 0 && network.isIdle &&
      waiting.every(({ id }) => signs.drawn.includes(id));
    this.#silentAt = isSilent ? this.#silentAt ?? now : undefined;
    return waiting.length === 0 || (isSilent && now - this.#silentAt! >= SILENT_MS);
  }
}
