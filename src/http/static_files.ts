import { Hono } from "hono";
import echarts from "echarts/dist/echarts.min.js" with { type: "text" };
import sse from "htmx.org/dist/ext/hx-sse.min.js" with { type: "text" };
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import boardCss from "../../static/board/board.css" with { type: "text" };
import bars from "../../static/board/bars.js" with { type: "text" };
import chart from "../../static/board/chart.js" with { type: "text" };
import choices from "../../static/board/choices.js" with { type: "text" };
import lines from "../../static/board/lines.js" with { type: "text" };
import maps from "../../static/board/maps.js" with { type: "text" };
import stat from "../../static/board/stat.js" with { type: "text" };
import table from "../../static/board/table.js" with { type: "text" };
import theme from "../../static/board/theme.js" with { type: "text" };
import units from "../../static/board/units.js" with { type: "text" };
import zone from "../../static/board/zone.js" with { type: "text" };
import board from "../../static/board/board.js" with { type: "text" };
import copy from "../../static/copy.js" with { type: "text" };
import dashboards from "../../static/dashboards.css" with { type: "text" };
import icon from "../../static/icon.svg" with { type: "text" };
import style from "../../static/style.css" with { type: "text" };

const MODULES = { bars, chart, choices, lines, maps, stat, table, theme, units, zone };

const FILES: Record<string, [type: string, text: string]> = {
  "board/board.css": ["text/css", boardCss],
  "board/board.js": ["text/javascript", board],
  ...Object.fromEntries(
    Object.entries(MODULES).map(([name, text]) => [`board/${name}.js`, ["text/javascript", text]]),
  ),
  "copy.js": ["text/javascript", copy],
  "dashboards.css": ["text/css", dashboards],
  "echarts.js": ["text/javascript", echarts],
  // In one: htmx reads the page a moment after it has arrived, with the extensions it has by then.
  "htmx.js": ["text/javascript", `${htmx}\n${sse}`],
  "icon.svg": ["image/svg+xml", icon],
  "style.css": ["text/css", style],
};

export const BOARD_ASSETS = {
  echarts: "/static/echarts.js",
  script: "/static/board/board.js",
  modules: Object.keys(MODULES).map((name) => `/static/board/${name}.js`),
  style: "/static/board/board.css",
};

/** `/static/…`, without sign-in. */
export async function staticFiles(): Promise<Hono> {
  const app = new Hono();
  for (const [name, [type, text]] of Object.entries(FILES)) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    const etag = `"${new Uint8Array(digest).slice(0, 12).toHex()}"`;
    const headers = {
      "Content-Type": `${type}; charset=utf-8`,
      "Cache-Control": "no-cache",
      ETag: etag,
    };
    app.get(`/${name}`, (c) => {
      if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers);
      return c.body(text, 200, headers);
    });
  }
  return app;
}
