import type { ShownPanel } from "../boards/layout.ts";
import { maskSecrets } from "../external/mask.ts";
import type { Answer } from "./film_answer.ts";
import type { Signs } from "./film_probe.ts";
import type { Wire } from "./film_wire.ts";

/** `waiting`: asked and not answered, not asked yet, or not drawn. `none`: it has no query. */
export type PanelState = Answer["state"] | "none";
/** `message` of an error: the data source's own sentence, secrets masked. */
export type Panel = { id: number; title: string; state: PanelState; message: string | null };
export type Outcome = "loaded" | "empty" | "error" | "timeout" | "denied" | "gone";

/** What each panel shows: the wire says what came, the document whether it was drawn. */
export function judgePanels(wire: Wire, signs: Signs | undefined): Panel[] {
  const answers = wire.answers();
  return wire.panels.map((panel) => {
    const { id, title } = panel;
    return { id, title, ...judgePanel(panel, answers.get(id), signs) };
  });
}

function judgePanel(
  { id, hasQuery }: ShownPanel,
  answer: Answer | undefined,
  signs: Signs | undefined,
): { state: PanelState; message: string | null } {
  const mark = signs?.errors[id];
  if (answer?.state === "error") return answer;
  if (mark !== undefined) return { state: "error", message: markSentence(mark, answer) };
  const isDrawn = signs?.mounted.includes(id) && !signs.loading.includes(id);
  if (!isDrawn || (hasQuery && !answer)) return { state: "waiting", message: null };
  return answer ?? { state: "none", message: null };
}

function markSentence(mark: string, answer: Answer | undefined): string {
  if (mark !== "") return maskSecrets(mark);
  return answer
    ? "Its data came and could not be drawn."
    : "It never asked for data: its data source may be missing.";
}

/** How a page's watching ended: see watch(). */
export type End = "ready" | "late" | "denied" | "gone";

/** The first that fits, and for what is not finished the sentence that says why. */
export function judgeBoard(
  end: End,
  panels: Panel[],
  timeoutMs: number,
): { outcome: Outcome; sentence: string | null } {
  if (end === "denied") return { outcome: "denied", sentence: DENIED };
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
  "The dashboard's page asks the browser to sign in: its key is missing, refused or revoked. Give it a valid one, then press Retry.";
const GONE = "There is no such dashboard any more.";
/** More names than that make no sentence. */
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
