import type { Signs } from "./signs.ts";
import { evaluatePanels } from "./evaluate.ts";
import type { NetworkLog } from "./network_log.ts";

/** The page must be finished in this many consecutive checks. */
export const CHECK_MS = 100;
const CHECKS = 5;
/** Clocks and streams never stop changing: ignore them after this time. */
const CHANGE_MS = 2000;
/** The same for requests other than panel queries. */
const TRAFFIC_MS = 1500;
/** Some data sources answer in the browser: a drawn panel without queries is finished after this time. */
const SILENT_MS = 3000;

/** `now` in ms. */
export class Readiness {
  #calm = 0;
  #hash = "";
  #answeredAt: number | undefined;
  #silentAt: number | undefined;

  get isCalm(): boolean {
    return this.#calm > 0;
  }

  check(network: NetworkLog, signs: Signs, now: number): boolean {
    const isAnswered = signs.loading.length === 0 && this.#isAnswered(network, signs, now);
    this.#answeredAt = isAnswered ? this.#answeredAt ?? now : undefined;
    const waited = now - (this.#answeredAt ?? now);
    const isFinished = isAnswered && (network.isQuiet || waited >= TRAFFIC_MS);
    const isStill = signs.hash === this.#hash || waited >= CHANGE_MS;
    this.#hash = signs.hash;
    this.#calm = isFinished ? (isStill ? this.#calm + 1 : 1) : 0;
    return this.#calm >= CHECKS;
  }

  #isAnswered(network: NetworkLog, signs: Signs, now: number): boolean {
    const isWaiting = ({ state }: { state: string }) => state === "waiting";
    const waiting = evaluatePanels(network, signs).filter(isWaiting);
    const isSilent = waiting.length > 0 && network.isIdle &&
      waiting.every(({ id }) => signs.drawn.includes(id));
    this.#silentAt = isSilent ? this.#silentAt ?? now : undefined;
    return waiting.length === 0 || (isSilent && now - this.#silentAt! >= SILENT_MS);
  }
}
