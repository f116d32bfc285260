import type { ShownPanel } from "../boards/layout.ts";
import type { WireEvent } from "../external/browser.ts";
import { type Answer, isRefusal, judgeAnswer } from "./film_answer.ts";

/** A panel's query, or (`panel` undefined) the page's call for the dashboard itself. */
type Asked = { panel: number | undefined; status: number; answer?: Answer };

/** What went over the wire, panel by panel: the header x-panel-id of its POST says whose a query is. */
export class Wire {
  #open = new Set<string>();
  #asked = new Map<string, Asked>();
  #refused = false;
  #gone = false;

  /** `uid`: the dashboard's, where the page asks for it. */
  constructor(readonly panels: ShownPanel[], readonly uid?: string) {}

  /** Nothing under way, sockets and event streams aside. */
  get isQuiet(): boolean {
    return this.#open.size === 0;
  }

  /** The key is missing, refused or revoked: for the dashboard or one of its queries. */
  get isRefused(): boolean {
    return this.#refused;
  }

  /** The page asked for the dashboard and there is none. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** Takes note; true: the body of this ended request is to be judged. */
  note(event: WireEvent): boolean {
    const asked = this.#asked.get(event.id);
    if (event.what === "sent") {
      this.#sent(event);
    } else if (event.what === "answered") {
      if (event.isEventStream) this.#open.delete(event.id);
      if (asked) asked.status = event.status;
    } else if (event.what === "ended") {
      if (asked) return true;
      this.#open.delete(event.id);
    } else {
      this.#open.delete(event.id);
      // A query that the page itself took back says nothing; the one before it counts again.
      if (event.isCancelled) this.#asked.delete(event.id);
      else if (asked) asked.answer = { state: "error", message: "The query's connection broke." };
    }
    return false;
  }

  /** The body of an ended request; undefined if it could not be read. */
  judge(id: string, body: string | undefined) {
    this.#open.delete(id);
    const asked = this.#asked.get(id);
    if (!asked) return;
    if (isRefusal(asked.status, body)) this.#refused = true;
    if (asked.panel === undefined) this.#gone ||= asked.status === 404;
    else asked.answer = judgeAnswer(asked.status, body);
  }

  /** What the last query of each panel came to; undefined for one that has asked for nothing. */
  answers(): Map<number, Answer | undefined> {
    const answers = new Map<number, Answer | undefined>();
    for (const { panel, answer } of this.#asked.values()) {
      if (panel === undefined) continue;
      answers.set(panel, answer ?? { state: "waiting", message: null });
    }
    return answers;
  }

  #sent(event: WireEvent & { what: "sent" }) {
    const { id, method, url, headers, kind, opensDocument } = event;
    if (opensDocument) {
      this.#open.clear();
      this.#asked.clear();
    }
    if (kind !== "EventSource" && kind !== "WebSocket" && kind !== "Ping") this.#open.add(id);
    this.#asked.delete(id); // A redirected request comes again: it is the last one now.
    const panel = Number(headers["x-panel-id"]);
    if (method === "POST" && this.panels.some(({ id }) => id === panel)) {
      this.#asked.set(id, { panel, status: 0 });
    } else if (this.uid !== undefined && method === "GET" && isDashboardCall(url, this.uid)) {
      this.#asked.set(id, { panel: undefined, status: 0 });
    }
  }
}

/** `/api/dashboards/uid/<uid>`, and since 12 `/apis/dashboard.grafana.app/…/dashboards/<uid>(/dto)`. */
function isDashboardCall(url: string, uid: string): boolean {
  const { pathname } = new URL(url);
  return ["/dashboards/uid/", "/dashboards/"].some((before) =>
    [uid, `${uid}/dto`].some((end) => pathname.endsWith(before + end))
  );
}
