import { Hono } from "hono";
import script from "./page.js" with { type: "text" };
import { Refusal, type State } from "./state.ts";
import type { Env } from "./tokens.ts";

const STYLE = `
  body { margin: 0; font: 14px sans-serif; background: #f4f5f5; color: #24292e }
  body.dark { background: #111217; color: #ccccdc }
  nav { height: 40px; line-height: 40px; padding: 0 16px; background: #fff }
  #board { position: relative; margin: 16px }
  .item { position: absolute; box-sizing: border-box }
  .panel { height: 100%; background: #fff; border: 1px solid #d5d7da; position: relative;
    overflow: hidden; box-sizing: border-box }
  .dark .panel, .dark nav { background: #181b1f; border-color: #2c2f36 }
  h2 { font-size: 14px; margin: 6px 10px; font-weight: 500 }
  .content { padding: 0 10px; height: calc(100% - 34px); overflow: hidden }
  .empty { text-align: center; color: #777; padding-top: 1em }
  .error { position: absolute; right: 0; top: 0; width: 12px; height: 12px; background: #e02f44;
    border: 0 }
  .loading { position: absolute; right: 16px; top: 6px; width: 12px; height: 12px;
    border-radius: 6px; background: #5794f2 }
  .big { font-size: 32px; color: #1a7f37 }
  table { border-collapse: collapse; width: 100% }
  td, th { text-align: left; padding: 2px 8px; border-bottom: 1px solid #ddd }
  .bar { height: 18px; white-space: nowrap; margin: 3px 0; background: #5794f2 }
`;

/** The pages that a browser opens. */
export function pageRoutes(state: State) {
  const { subPath, version, datasources, isBusy } = state;
  const html = (body: string) =>
    `<!doctype html><html lang="en"><head><meta charset="utf-8"/>` +
    `<meta name="viewport" content="width=device-width"/><title>Grafana</title>` +
    `<base href="${subPath}/"/><link rel="icon" href="data:,"/><style>${STYLE}</style></head>` +
    `<body>${body}</body></html>`;
  const app = () => {
    const settings = JSON.stringify({ subPath, version, sources: [...datasources.keys()], isBusy });
    return html(
      `<script>globalThis.grafanaBootData = ${settings.replaceAll("<", "\\u003c")}</script>` +
        `<script type="module">${script}</script>`,
    );
  };
  return new Hono<Env>()
    .get("/d/:uid/:slug?", (c) => c.html(app()))
    .get("/dashboards/f/:uid/:slug?", (c) => c.html(html("<h1>Dashboards</h1>")))
    .get("/", (c) => c.html(html("<h1>Welcome to Grafana</h1>")))
    .get("*", () => {
      throw new Refusal(404, { message: "Not found" });
    });
}

/** What a page asks for beside its dashboard and queries; none of it matters to what it shows. */
export function pageCalls(state: State) {
  const hang = () =>
    new Promise<Response>((done) => {
      state.ended.addEventListener("abort", () => done(new Response()), { once: true });
    });
  return new Hono<Env>()
    .get("/prometheus/grafana/api/v1/rules", (c) => c.json({ status: "success", data: {} }))
    .get("/annotations", (c) => c.json([]))
    .get("/login/ping", (c) => c.json({ message: "Logged in" }))
    .post("/frontend-metrics", (c) => c.text(""))
    // A browser sends a socket's request without the token.
    .get("/live/ws", (c) => c.json({ message: "Unauthorized" }, 401))
    .get("/live/events", (c) => {
      const body = new ReadableStream<Uint8Array>({
        start(stream) {
          stream.enqueue(new TextEncoder().encode(": open\n\n"));
          state.ended.addEventListener("abort", () => {
            try {
              stream.close();
            } catch {
              // The page has gone before.
            }
          }, { once: true });
        },
      });
      return c.body(body, 200, { "content-type": "text/event-stream" });
    })
    .get("/live/poll", async (c) => {
      await new Promise((done) => setTimeout(done, 400));
      return c.json({});
    })
    .all("/live/hang", hang);
}

/** What somebody without a token sees. */
export const LOGIN_PAGE = `<!doctype html><html lang="en"><head><title>Grafana</title></head>` +
  `<body><h1>Welcome to Grafana</h1><form method="post"><input name="user"/>` +
  `<input name="password" type="password"/><button>Log in</button></form></body></html>`;
