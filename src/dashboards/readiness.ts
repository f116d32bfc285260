import type { WireEvent } from "../external/browser.ts";

/** `waiting`: asked and not answered, or not asked yet. */
export type PanelState = "loaded" | "empty" | "error" | "waiting";
/** `message` of an error: the data source's own sentence, secrets masked. */
export type PanelVerdict = { id: number; state: PanelState; message: string | null };

/** What the document shows at one moment; PROBE returns it. */
export type Signs = { mounted: number[]; loading: number; hash: string; path: string };

/** Five checks, 100 ms apart, must see the page settled. */
export const CHECK_MS = 100;
const CHECKS = 5;
/** Clocks and streams never rest: how long a change of the panels is waited out once all answered. */
const CHANGE_MS = 2000;

/**
 * JavaScript for the page. A panel is known by its id in Grafana up to 10 and the built-in board
 * (data-panelid) and in later Grafana (data-viz-panel-key="panel-7"). A chart's pixels are no DOM: each
 * canvas counts by a small picture of itself.
 */
export const PROBE = `(() => {
  const panels = [...document.querySelectorAll("[data-panelid], [data-viz-panel-key]")];
  const loading = '[data-state="loading"], .panel-loading, [aria-label="Panel loading bar"]';
  let hash = 0x811c9dc5;
  const add = (value) => hash = Math.imul(hash ^ value, 0x01000193);
  const small = new OffscreenCanvas(64, 64).getContext("2d", { willReadFrequently: true });
  for (const panel of panels) {
    const html = panel.outerHTML;
    for (let i = 0; i < html.length; i++) add(html.charCodeAt(i));
    for (const canvas of panel.querySelectorAll("canvas")) {
      if (canvas.width === 0 || canvas.height === 0) continue;
      small.clearRect(0, 0, 64, 64);
      small.drawImage(canvas, 0, 0, 64, 64);
      new Uint32Array(small.getImageData(0, 0, 64, 64).data.buffer).forEach(add);
    }
  }
  const id = (panel) => /\\d+$/.exec(panel.dataset.panelid ?? panel.dataset.vizPanelKey)?.[0];
  return {
    mounted: panels.map((panel) => Number(id(panel))),
    loading: document.querySelectorAll(loading).length,
    hash: String(hash >>> 0),
    path: location.pathname,
  };
})()`;

type Query = {
  panel: number;
  status: number;
  judged?: { state: PanelState; message: string | null };
};

/** What went over the wire, panel by panel: the header x-panel-id of its POST says whose a query is. */
export class Wire {
  #open = new Set<string>();
  #queries = new Map<string, Query>();

  constructor(readonly panels: number[]) {}

  /** Nothing under way, sockets and event streams aside. */
  get isQuiet(): boolean {
    return this.#open.size === 0;
  }

  /** Takes note; true: this ended request is a panel's query, whose body is to be judged. */
  note(event: WireEvent): boolean {
    const query = this.#queries.get(event.id);
    if (event.what === "sent") {
      this.#sent(event);
    } else if (event.what === "answered") {
      if (event.isEventStream) this.#open.delete(event.id);
      if (query) query.status = event.status;
    } else if (event.what === "ended") {
      if (query) return true;
      this.#open.delete(event.id);
    } else {
      this.#open.delete(event.id);
      // A query that the page itself took back says nothing; the one before it counts again.
      if (event.isCancelled) this.#queries.delete(event.id);
      else if (query) query.judged = { state: "error", message: "The query's connection broke." };
    }
    return false;
  }

  /** The body of a panel's ended query; undefined if it could not be read. */
  judge(id: string, body: string | undefined) {
    this.#open.delete(id);
    const query = this.#queries.get(id);
    if (query) query.judged = judgeAnswer(query.status, body);
  }

  /** The last query of each panel decides. */
  verdicts(): PanelVerdict[] {
    const last = new Map([...this.#queries.values()].map((query) => [query.panel, query]));
    return this.panels.map((id) => ({
      id,
      ...last.get(id)?.judged ?? { state: "waiting", message: null },
    }));
  }

  #sent({ id, method, headers, kind, opensDocument }: WireEvent & { what: "sent" }) {
    if (opensDocument) {
      this.#open.clear();
      this.#queries.clear();
    }
    if (kind !== "EventSource" && kind !== "WebSocket" && kind !== "Ping") this.#open.add(id);
    const panel = Number(headers["x-panel-id"]);
    if (method !== "POST" || !this.panels.includes(panel)) return;
    this.#queries.delete(id); // A redirected request comes again: it is the last one now.
    this.#queries.set(id, { panel, status: 0 });
  }
}

/** When the page is finished: one check after the other, `now` in ms. */
export class Readiness {
  #calm = 0;
  #hash = "";
  #answeredAt: number | undefined;

  /** True at the fifth check in a row that finds the page settled. */
  check(wire: Wire, signs: Signs, now: number): boolean {
    const isAnswered = wire.verdicts().every(({ state }) => state !== "waiting");
    this.#answeredAt = isAnswered ? this.#answeredAt ?? now : undefined;
    const isSettled = isAnswered && wire.isQuiet && signs.loading === 0 &&
      wire.panels.every((id) => signs.mounted.includes(id));
    const isStill = signs.hash === this.#hash || now - (this.#answeredAt ?? now) >= CHANGE_MS;
    this.#hash = signs.hash;
    this.#calm = isSettled ? (isStill ? this.#calm + 1 : 1) : 0;
    return this.#calm >= CHECKS;
  }
}

type Answer = { results?: Record<string, { error?: string; frames?: Frame[] | null }> };
type Frame = { data?: { values?: unknown[][] } };

/** Grafana's answer to a query (POST /api/ds/query): a frame with rows, no rows at all, or an error. */
export function judgeAnswer(
  status: number,
  body: string | undefined,
): { state: PanelState; message: string | null } {
  const results = Object.values(parse(body)?.results ?? {});
  const fault = results.find(({ error }) => error)?.error;
  if (fault) return { state: "error", message: maskSecrets(fault) };
  if (status >= 400) return { state: "error", message: `The query was answered with ${status}.` };
  if (!parse(body)) return { state: "error", message: "The query's answer could not be read." };
  const hasRows = results.some(({ frames }) =>
    frames?.some(({ data }) => data?.values?.some((column) => column.length > 0))
  );
  return { state: hasRows ? "loaded" : "empty", message: null };
}

function parse(body: string | undefined): Answer | undefined {
  try {
    const answer = JSON.parse(body ?? "");
    return typeof answer === "object" && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** A foreign sentence of at most 300 characters, without what looks like a password or a token. */
export function maskSecrets(sentence: string): string {
  return sentence
    .replace(/:\/\/[^\s/@]+@/g, "://…@")
    .replace(/\b(bearer|basic)\s+\S+/gi, "$1 …")
    .replace(/(\w*(?:password|passwd|token|secret|api_?key)\w*"?\s*[=:]\s*)("[^"]*"|\S+)/gi, "$1…")
    .slice(0, 300);
}
