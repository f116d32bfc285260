import type { Outcome, Panel } from "../../previews/outcome.ts";

/** So many captures in a row may show an error or be late before the row stops. */
const MOST_TRIES = 3;
/** So many may be refused for a right: with their back-off 75 s, longer than Grafana remembers rights. */
const MOST_FORBIDDEN = 5;

/** Where a row goes after its capture: on, back to try again, or it waits for a person. */
export function nextAfter(
  outcome: Outcome,
  tries: number,
  may_pass = false,
): "on" | "again" | "stop" {
  if (outcome === "loaded" || outcome === "empty") return "on";
  if (may_pass) return tries < MOST_FORBIDDEN ? "again" : "stop";
  return isBoardFault(outcome) && tries < MOST_TRIES ? "again" : "stop";
}

/** Whether the board itself may be why it was not finished: its queries, or what draws them. */
export const isBoardFault = (outcome: Outcome) => outcome === "error" || outcome === "timeout";

/** Six names fit on a line of Slack's context. */
const MOST_NAMED = 6;

/** The panels that a finished picture shows without data; null where all have some. */
export function withoutData(outcome: Outcome | null, panels: Panel[]): string | null {
  if (outcome === "empty") return "No panel has data yet.";
  const names = panels.filter(({ state }) => state === "empty")
    .map(({ id, title }) => title || `panel ${id}`);
  if (outcome !== "loaded" || names.length === 0) return null;
  const rest = names.length - MOST_NAMED;
  const more = rest > 0 ? ` and ${rest} more` : "";
  return `Without data: ${names.slice(0, MOST_NAMED).join(", ")}${more}.`;
}
