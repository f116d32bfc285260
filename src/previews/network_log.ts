import type { ShownPanel } from "../boards/queried.ts";
import type { NetworkEvent } from "../external/browser/browser.ts";
import { type Answer, evaluateAnswer, type Refusal, refusalOf } from "./answer.ts";

/** `panel` undefined: a query of the page itself. */
type Asked = {
  what: "query" | "dashboard";
  panel: number | undefined;
  source: string;
  status: number;
  answer?: Answer;
};

/** Streams, sockets, beacons and prefetches do not count. */
const DRAWN_FROM = ["Document", "Stylesheet", "Image", "Font", "Script", "XHR", "Fetch"];

/** A page's requests; the header x-panel-id assigns a query to its panel. */
export class NetworkLog {
  #open = new Set<string>();
  #asked = new Map<string, Asked>();
  #refusal: Refusal | undefined;
  #gone = false;

  /** `uid` of the Grafana dashboard. */
  constructor(readonly panels: ShownPanel[], readonly uid?: string) {}

  get isQuiet(): boolean {
    return this.#open.size === 0;
  }

  get isIdle(): boolean {
    return [...this.#asked.values()].every(({ what, answer }) => what !== "query" || answer);
  }

  get refusal(): Refusal | undefined {
    return this.#refusal;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Returns true when the caller must read the body of this finished request. */
  note(event: NetworkEvent): boolean {
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
      // A cancelled query leaves the previous one valid.
      if (event.isCancelled) this.#asked.delete(event.id);
      else if (asked) asked.answer = { state: "error", message: "The query's connection failed." };
    }
    return false;
  }

  /** `body` undefined: unreadable. */
  read(id: string, body: string | undefined) {
    this.#open.delete(id);
    const asked = this.#asked.get(id);
    if (!asked) return;
    const isPages = asked.what === "query" && asked.panel === undefined;
    // The page shows a Viewer's missing permission for variables and annotations itself.
    if (!isPages) this.#refusal ??= refusalOf(asked.status, body);
    if (asked.what === "dashboard") this.#gone ||= asked.status === 404;
    else asked.answer = evaluateAnswer(asked.status, body);
  }

  /** The last answer per data source; for repeated panels all answers. */
  answers(): Map<number, Answer> {
    const bySource = new Map<number, Map<string, Answer>>();
    for (const [id, { what, panel, source, answer }] of this.#asked) {
      if (what !== "query" || panel === undefined) continue;
      const isRepeated = this.panels.some((shown) => shown.id === panel && shown.isRepeated);
      const answers = bySource.get(panel) ?? new Map<string, Answer>();
      answers.set(isRepeated ? id : source, answer ?? WAITING);
      bySource.set(panel, answers);
    }
    return new Map([...bySource].map(([panel, answers]) => [panel, worst([...answers.values()])]));
  }

  queriesOf(panel: number): number {
    return [...this.#asked.values()].filter((asked) => asked.panel === panel).length;
  }

  /** Since Grafana 12, a copy of a repeated panel queries under its own id and the panel's title. */
  #panelOf(headers: Record<string, string>): number | undefined {
    const id = Number(headers["x-panel-id"]);
    if (!Number.isInteger(id)) return undefined;
    if (this.panels.some((panel) => panel.id === id)) return id;
    const title = headers["x-panel-title"];
    const source = this.panels.find((panel) => panel.isRepeated && panel.title === title);
    return source?.id ?? id;
  }

  #sent(event: NetworkEvent & { what: "sent" }) {
    const { id, method, url, headers, kind, opensDocument } = event;
    if (opensDocument) {
      this.#open.clear();
      this.#asked.clear();
    }
    // The page's session reports a worker's blob request, the worker's session its end.
    if (/^https?:/.test(url) && DRAWN_FROM.includes(kind)) this.#open.add(id);
    this.#asked.delete(id); // A redirected request comes again: it is the last one now.
    const panel = this.#panelOf(headers);
    const source = headers["x-datasource-uid"] ?? "";
    if (method === "POST" && (panel !== undefined || isQueryCall(url))) {
      this.#asked.set(id, { what: "query", panel, source, status: 0 });
    } else if (this.uid !== undefined && method === "GET" && isDashboardCall(url, this.uid)) {
      this.#asked.set(id, { what: "dashboard", panel: undefined, source, status: 0 });
    }
  }
}

const WAITING: Answer = { state: "waiting", message: null };
const ORDER = ["waiting", "error", "loaded", "empty"] as const;

function worst(answers: Answer[]): Answer {
  const rank = ({ state }: Answer) => ORDER.indexOf(state);
  return answers.reduce((one, other) => rank(other) < rank(one) ? other : one);
}

/** `/api/ds/query`, or `/apis/query.grafana.app/…/query` in newer versions. */
function isQueryCall(url: string): boolean {
  return /\/api\/ds\/query$|\/apis\/query\.grafana\.app\/.*\/query$/.test(new URL(url).pathname);
}

/** `/api/dashboards/uid/<uid>`, or `/apis/dashboard.grafana.app/…/dashboards/<uid>(/dto)` since 12. */
function isDashboardCall(url: string, uid: string): boolean {
  const { pathname } = new URL(url);
  return ["/dashboards/uid/", "/dashboards/"].some((before) =>
    [uid, `${uid}/dto`].some((end) => pathname.endsWith(before + end))
  );
}
