import { Hono } from "hono";
import echarts from "echarts/dist/echarts.min.js" with { type: "text" };
import sse from "htmx.org/dist/ext/hx-sse.min.js" with { type: "text" };
import htmx from "htmx.org/dist/htmx.min.js" with { type: "text" };
import boardCss from "../../static/board/board.css" with { type: "text" };
import boardBars from "../../static/board/bars.js" with { type: "text" };
import boardChart from "../../static/board/chart.js" with { type: "text" };
import boardChoices from "../../static/board/choices.js" with { type: "text" };
import boardLines from "../../static/board/lines.js" with { type: "text" };
import boardMaps from "../../static/board/maps.js" with { type: "text" };
import boardStat from "../../static/board/stat.js" with { type: "text" };
import boardTable from "../../static/board/table.js" with { type: "text" };
import boardTheme from "../../static/board/theme.js" with { type: "text" };
import boardUnits from "../../static/board/units.js" with { type: "text" };
import boardZone from "../../static/board/zone.js" with { type: "text" };
import boardJs from "../../static/board/board.js" with { type: "text" };
import copy from "../../static/copy.js" with { type: "text" };
import dashboards from "../../static/dashboards.css" with { type: "text" };
import icon from "../../static/icon.svg" with { type: "text" };
import style from "../../static/style.css" with { type: "text" };

const FILES: Record<string, [type: string, text: string]> = {
  "board/board.css": ["text/css", boardCss],
  "board/board.js": ["text/javascript", boardJs],
  "board/bars.js": ["text/javascript", boardBars],
  "board/chart.js": ["text/javascript", boardChart],
  "board/choices.js": ["text/javascript", boardChoices],
  "board/lines.js": ["text/javascript", boardLines],
  "board/maps.js": ["text/javascript", boardMaps],
  "board/stat.js": ["text/javascript", boardStat],
  "board/table.js": ["text/javascript", boardTable],
  "board/theme.js": ["text/javascript", boardTheme],
  "board/units.js": ["text/javascript", boardUnits],
  "board/zone.js": ["text/javascript", boardZone],
  "copy.js": ["text/javascript", copy],
  "dashboards.css": ["text/css", dashboards],
  "echarts.js": ["text/javascript", echarts],
  // In one: htmx looks at the page by itself a moment after it has come, with what it knows by then.
  "htmx.js": ["text/javascript", `${htmx}\n${sse}`],
  "icon.svg": ["image/svg+xml", icon],
  "style.css": ["text/css", style],
};

/** `/static/…`: our own files, and those of the packages that pages use. Open to all. */
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
