import type { Outcome, Panel } from "../../previews/outcome.ts";

/** Consecutive captures with an error or timeout before the row stops. */
const MOST_TRIES = 3;
/** With their back-off 75 s: longer than Grafana caches permissions. */
const MOST_FORBIDDEN = 5;

export function nextAfter(
  outcome: Outcome,
  tries: number,
  may_pass = false,
): "advance" | "retry" | "stop" {
  if (outcome === "loaded" || outcome === "empty") return "advance";
  if (may_pass) return tries < MOST_FORBIDDEN ? "retry" : "stop";
  return isBoardFault(outcome) && tries < MOST_TRIES ? "retry" : "stop";
}

/** The board's own queries or panels may be the cause. */
export const isBoardFault = (outcome: Outcome) => outcome === "error" || outcome === "timeout";

/** Fits on a line of Slack's context block. */
const MOST_NAMED = 6;

/** A sentence that names panels without data; null when all have some. */
export function withoutData(outcome: Outcome | null, panels: Panel[]): string | null {
  if (outcome === "empty") return "No panel has data yet.";
  const names = panels.filter(({ state }) => state === "empty")
    .map(({ id, title }) => title || `panel ${id}`);
  if (outcome !== "loaded" || names.length === 0) return null;
  const rest = names.length - MOST_NAMED;
  const more = rest > 0 ? ` and ${rest} more` : "";
  return `Without data: ${names.slice(0, MOST_NAMED).join(", ")}${more}.`;
}
