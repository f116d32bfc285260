import type { PreviewOptions } from "../../../src/previews/preview.ts";

/** `at`, `h`: rows of the grid; `after`: ms until its query is answered; `colour` of what it draws. */
export type PanelSpec = {
  id: number;
  does:
    | "rows"
    | "empty"
    | "error"
    | "never"
    | "missing"
    | "spins"
    | "text"
    | "unauthorized"
    | "revoked";
  after?: number;
  at?: number;
  h?: number;
  colour?: string;
};

/** A dashboard that behaves as its panels say, with the signs of an old or a new Grafana. */
export type BoardSpec = { panels: PanelSpec[]; signs?: "old" | "new"; extra?: string };

/** What Grafana's page does, in small: panels in view are mounted, ask, show a loading sign, are drawn. */
const SCRIPT = `
const { panels, signs, uid } = JSON.parse(document.getElementById("spec").textContent);
const isNew = signs === "new";
const LOADING = isNew ? '<div aria-label="Panel loading bar"></div>' : '<div class="panel-loading"></div>';
const ownershipTag = (message) => isNew
  ? '<button data-testid="data-testid Panel status error" aria-label="' + message + '"></button>'
  : '<span class="panel-info-corner panel-info-corner--error"></span>';
const CONTENT = isNew ? '<div data-testid="data-testid panel content"></div>' : '<div class="panel-content"></div>';
async function load(place, panel) {
  const box = document.createElement("div");
  if (isNew) box.dataset.vizPanelKey = "panel-" + panel.id; else box.dataset.panelid = panel.id;
  box.className = "box";
  place.append(box);
  if (panel.does === "text") return box.innerHTML = CONTENT;
  if (panel.does === "missing") {
    return box.innerHTML = ownershipTag("Data source dk-ada was not found") + CONTENT;
  }
  const asked = fetch("/api/ds/query?ds_type=postgres&requestId=Q" + panel.id, {
    method: "POST", body: JSON.stringify({ queries: [{ refId: "A" }] }),
    headers: { "x-panel-id": panel.id, "x-dashboard-uid": uid, "content-type": "application/json" },
  });
  setTimeout(() => box.dataset.done || (box.innerHTML = LOADING), 20);
  const body = await (await asked).json().catch(() => ({}));
  box.dataset.done = 1;
  const error = body.results?.A?.error;
  const isEmpty = !error && !body.results?.A?.frames?.length;
  box.innerHTML = (error ? ownershipTag("") : "") + (panel.does === "spins" ? LOADING : "") + CONTENT;
  box.lastChild.textContent = isEmpty || error ? "No data" : "";
  box.style.background = error ? "#cc3333" : isEmpty ? "#dddddd" : panel.colour ?? "#33cc33";
}
for (const [i, panel] of panels.entries()) {
  const place = document.createElement("div");
  place.className = "place";
  place.style.top = 16 + (panel.at ?? 0) * 38 + "px";
  place.style.height = (panel.h ?? 4) * 38 - 8 + "px";
  if (panel.at === undefined) place.style.cssText += ";width:90px;left:" + (16 + i * 100) + "px";
  document.body.append(place);
  new IntersectionObserver(([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    load(place, panel);
  }).observe(place);
}
fetch("/api/dashboards/uid/" + uid).catch(() => {});
`;

const page = (uid: string, { panels, signs, extra = "" }: BoardSpec) =>
  `<!doctype html><meta charset=utf-8><style>body { margin: 0; background: #fff; overflow-y: scroll }
    .place { position: absolute; left: 16px; right: 16px } .box { height: 100%; background: #ffcc00 }
    </style><script id=spec type="application/json">${
    JSON.stringify({ uid, panels, signs })
  }</script>
    <body>${extra}<script>${SCRIPT}</script>`;

export type Seen = { path: string; search: string; token: string | null };

/** A server that behaves as Grafana does; `boards` by uid, at /d/<uid>/board. */
export function serveBoards(boards: Record<string, BoardSpec>) {
  const seen: Seen[] = [];
  const held: (() => void)[] = [];
  let answeredAt = 0;
  const hang = () => new Promise<Response>((done) => held.push(() => done(new Response())));
  /** A body that goes on for as long as the server runs. */
  const drip = (kind: string) => {
    const end = Promise.withResolvers<Response>();
    held.push(() => end.resolve(new Response()));
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        stream.enqueue(new TextEncoder().encode(": hello\n\n"));
        // The page may have gone before, and its stream with it.
        end.promise.then(() => stream.close()).catch(() => {});
      },
    });
    const type = kind === "events" ? "text/event-stream" : "text/plain";
    return new Response(body, { headers: { "content-type": type } });
  };
  const html = (text: string, status = 200) =>
    new Response(text, { status, headers: { "content-type": "text/html" } });

  async function answer(request: Request): Promise<Response> {
    const board = boards[request.headers.get("x-dashboard-uid") ?? ""]!;
    const panel = board.panels.find(({ id }) => id === Number(request.headers.get("x-panel-id")))!;
    await new Promise((done) => setTimeout(done, panel.after ?? 0));
    answeredAt = Date.now();
    const message = "invalid API key";
    if (panel.does === "never") return await hang();
    if (panel.does === "unauthorized") return Response.json({ message }, { status: 401 });
    if (panel.does === "revoked") return Response.json({ message }, { status: 500 });
    if (panel.does === "empty") return Response.json({ results: { A: { frames: [] } } });
    if (panel.does !== "error") {
      return Response.json({ results: { A: { frames: [{ data: { values: [[1, 2]] } }] } } });
    }
    const error = 'db query error: pq: column "x" does not exist, password=hush';
    return Response.json({ results: { A: { error } } }, { status: 400 });
  }

  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname, search } = new URL(request.url);
    seen.push({ path: pathname, search, token: request.headers.get("authorization") });
    const [, kind, uid = ""] = pathname.split("/");
    if (request.headers.has("x-does")) return await hang();
    if (pathname === "/api/ds/query") return await answer(request);
    if (pathname.startsWith("/api/dashboards/uid/")) {
      const known = Object.hasOwn(boards, uid === "dashboards" ? pathname.split("/")[4]! : uid);
      return Response.json({ message: "Dashboard not found" }, { status: known ? 200 : 404 });
    }
    if (kind === "d") return html(page(uid, boards[uid] ?? { panels: [] }));
    if (kind === "moved") return Response.redirect(new URL("/login", request.url));
    if (kind === "hang") return await hang();
    if (kind === "drip" || kind === "events") return drip(kind);
    if (kind === "slow") await new Promise((done) => setTimeout(done, 700));
    if (kind === "slow" || kind === "quick") return new Response("{}");
    if (kind === "login") return html("<form>Sign in</form>");
    if (kind === "revoked") return Response.json({ message: "invalid API key" }, { status: 500 });
    return html("", Number(kind) || 404);
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return {
    seen,
    origin,
    /** How a board is filmed, small and quick; its panels are those of its JSON. */
    options(uid: string, more: Partial<PreviewOptions> = {}): PreviewOptions {
      const { panels } = boards[uid] ?? { panels: [] };
      const rows = panels.map(({ at = 0, h = 4 }) => at + h);
      return {
        url: `${origin}/d/${uid}/board`,
        headers: { authorization: "Bearer glsa_t1" },
        panels: panels.map(({ id, does }) => ({
          id,
          title: `P${id}`,
          hasQuery: does !== "text",
        })),
        boardHeight: Math.max(0, ...rows) * 38 - 8 + 32,
        width: 800,
        height: 240,
        frames: 2,
        delayMs: 100,
        timeoutMs: 10_000,
        theme: "light",
        timezone: "utc",
        ...more,
      };
    },
    /** When the last query was answered, in ms since 1970. */
    answeredAt: () => answeredAt,
    async [Symbol.asyncDispose]() {
      held.forEach((release) => release());
      await server.shutdown();
    },
  };
}
