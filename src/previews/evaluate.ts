import type { ShownPanel } from "../boards/queried.ts";
import { maskSecrets } from "../external/mask.ts";
import type { Answer, Refusal } from "./answer.ts";
import type { Outcome, Panel } from "./outcome.ts";
import type { Signs } from "./signs.ts";
import type { NetworkLog } from "./network_log.ts";

/** Once the page `isFinished`, a panel without queries counts as drawn. */
export function evaluatePanels(
  network: NetworkLog,
  signs: Signs | undefined,
  isFinished = false,
): Panel[] {
  const answers = network.answers();
  return [...network.panels, ...copies(network.panels, signs)].map((panel) => {
    const { id, title } = panel;
    const times = signs?.mounted.filter((mounted) => mounted === id).length ?? 0;
    // Grafana after 10 gives copies of a repeated panel its id.
    const isAsking = panel.isRepeated && panel.hasQuery && network.queriesOf(id) < times;
    const answer = isAsking && !isFinished ? undefined : answers.get(id);
    return { id, title, ...evaluatePanel(panel, answer, signs, isFinished) };
  });
}

/** Copies of repeated panels that the page numbers itself (Grafana up to 10). */
function copies(panels: ShownPanel[], signs: Signs | undefined): ShownPanel[] {
  const known = new Set(panels.map(({ id }) => id));
  const repeated = panels.filter(({ isRepeated }) => isRepeated);
  if (repeated.length === 0) return [];
  const hasQuery = repeated.every(({ hasQuery }) => hasQuery);
  const ids = new Set(signs?.mounted.filter((id) => id > 0 && !known.has(id)));
  return [...ids].map((id) => ({
    ...{ id, hasQuery, isRepeated: true },
    title: signs?.titles[id] ?? "",
  }));
}

function evaluatePanel(
  { id, hasQuery }: ShownPanel,
  answer: Answer | undefined,
  signs: Signs | undefined,
  isFinished: boolean,
): { state: Panel["state"]; message: string | null } {
  const mark = signs?.errors[id];
  if (answer?.state === "error") return answer;
  if (mark !== undefined) return { state: "error", message: markSentence(mark, answer) };
  const isDrawn = signs?.mounted.includes(id) && !signs.loading.includes(id);
  if (!isDrawn) return { state: "waiting", message: null };
  // Data may have arrived and a transformation removed all rows.
  const shows = signs!.empty.includes(id) ? "empty" : "loaded";
  if (answer?.state === "loaded") return { state: shows, message: null };
  if (answer) return answer;
  if (!hasQuery) return { state: "none", message: null };
  return { state: isFinished ? shows : "waiting", message: null };
}

function markSentence(mark: string, answer: Answer | undefined): string {
  if (mark !== "") return maskSecrets(mark);
  return answer
    ? "It received data but could not draw it."
    : "It sent no query: its data source or library panel may be missing.";
}

export type End = "ready" | "late" | Refusal | "gone";

export function evaluateBoard(
  end: End,
  panels: Panel[],
  timeoutMs: number,
): { outcome: Outcome; sentence: string | null; may_pass?: true } {
  if (end === "denied") return { outcome: "denied", sentence: DENIED };
  if (end === "forbidden") return { outcome: "denied", sentence: FORBIDDEN, may_pass: true };
  if (end === "gone") return { outcome: "gone", sentence: GONE };
  const faulty = panels.find(({ state }) => state === "error");
  if (faulty) {
    const sentence = `${named(faulty)} shows an error: ${faulty.message}`;
    return { outcome: "error", sentence };
  }
  if (end === "late") return { outcome: "timeout", sentence: lateSentence(panels, timeoutMs) };
  const outcome = panels.some(({ state }) => state === "loaded") ? "loaded" : "empty";
  return { outcome, sentence: null };
}

const DENIED =
  "The dashboard's page asks for a sign-in: the capture key is missing, invalid or revoked. Set a valid key, then press Retry.";
const FORBIDDEN =
  "The capture key has no permission to read this dashboard. Give its service account the role Viewer, then press Retry.";
const GONE = "The dashboard no longer exists.";
const MOST_NAMED = 4;

const named = ({ id, title }: Panel) => title ? `Panel ${id} (${title})` : `Panel ${id}`;

function lateSentence(panels: Panel[], timeoutMs: number): string {
  const after = `after ${timeoutMs / 1000} s`;
  const waiting = panels.filter(({ state }) => state === "waiting").map(named);
  if (waiting.length === 0) return `The page was still loading ${after}.`;
  if (waiting.length === 1) return `${waiting[0]} was not finished ${after}.`;
  const rest = waiting.length - MOST_NAMED;
  const names = waiting.slice(0, MOST_NAMED).join(", ");
  return `${names}${rest > 0 ? ` and ${rest} more` : ""} were not finished ${after}.`;
}
