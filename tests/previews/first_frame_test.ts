import { ok, strictEqual as equal } from "node:assert/strict";
import type { Dashboard } from "../../src/boards/compose.ts";
import { heightOf } from "../../src/boards/layout.ts";
import { shownPanels } from "../../src/boards/queried.ts";
import type { Browser } from "../../src/external/browser/browser.ts";
import { takePreview } from "../../src/previews/preview.ts";
import { serveBoard } from "../help/boards/board_server.tsx";
import { boardOf, withTables } from "../help/boards/boards.ts";
import { openParsed } from "../help/boards/open_page.ts";
import { browserHere, type Picture, readGif } from "../help/previews/browser.ts";
import { never } from "../help/time.ts";

type Rect = { left: number; top: number; right: number; bottom: number };

/** Where a panel stands on its page at the width of a capture, in px. */
async function rectOf(browser: Browser, origin: string, title: string): Promise<Rect> {
  const view = { width: 1920, height: 1080, headers: {}, timeoutMs: 30_000, origin };
  return await browser.withPage(view, never, async (page) => {
    await openParsed(page, `${origin}/boards/1`);
    return await page.evaluate<Rect>(`(async () => {
      while (!document.documentElement.dataset.ready) await new Promise((r) => setTimeout(r, 20));
      const named = (panel) => panel.querySelector("h2").textContent === ${JSON.stringify(title)};
      const rect = [...document.querySelectorAll(".panel")].find(named).getBoundingClientRect();
      return { left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom };
    })()`);
  });
}

/** Whether a pixel has one of the heat map's orange steps. */
function isHot(rgb: string): boolean {
  const [red, green, blue] = [0, 2, 4].map((at) => parseInt(rgb.slice(at, at + 2), 16));
  return red! > 90 && red! > green! && green! > blue! && red! - blue! > 35;
}

/** The share of hot pixels in a part of a frame that shows a page 1920 px wide. */
function heatIn(frame: Picture, { left, top, right, bottom }: Rect): number {
  const scale = frame.width / 1920;
  const [width, height] = [right - left, bottom - top].map((size) => Math.floor(size * scale));
  let hot = 0;
  for (let y = 0; y < height!; y++) {
    for (let x = 0; x < width!; x++) {
      if (isHot(frame.at(Math.ceil(left * scale) + x, Math.ceil(top * scale) + y))) hot++;
    }
  }
  return hot / (width! * height!);
}

/** Of the GIF, and of the copy for Slack. */
async function firstFrames(browser: Browser, origin: string, board: Dashboard) {
  const { gif, slack_gif, outcome } = await takePreview(browser, {
    ...{ url: `${origin}/boards/1`, headers: {}, panels: shownPanels(board) },
    ...{ boardHeight: heightOf(board), width: 1920, height: 1080, frames: 2, delayMs: 100 },
    ...{ timeoutMs: 30_000, theme: "light", timezone: "utc" },
  }, never);
  equal(outcome, "loaded");
  const [whole, copy] = [gif!, slack_gif!].map((bytes) => readGif(bytes)[0]!);
  equal(`${whole!.width} ${copy!.width}`, "1920 1000");
  return [whole!, copy!];
}

const RUNS = `timestamptz '2026-01-01Z' + i / 400 * interval '1 day' as run_ts,
  (array['gcd', 'aes'])[1 + i % 2] as design, 'metal' || (i * i) % 7 % 5 as layer`;
const AT = "i % 50 as x1_um, i % 40 as y1_um from generate_series(0, 1199) i";
const TABLES = {
  violations: `select ${RUNS}, 'M' || i % 5 || '.S.' || i % 3 as rule, ${AT}`,
  categories: `select ${RUNS}, (array['short', 'spacing', 'area'])[1 + i % 3] as category, ${AT}`,
  iterations: `select ${RUNS}, i % 3 as iteration, 'R.' || i % 4 as rule, i % 90 + 1 as count
    from generate_series(0, 1199) i`,
};
const TITLES = {
  violations: "DRC violations by rule and layer",
  categories: "DRC violations by category and layer",
  iterations: "DRC violations by rule and layer",
};

Deno.test("the first frame of a DRC table's preview shows its heat map, in Slack's copy too", async () => {
  await using browser = browserHere();
  await withTables(async ({ db }, reader) => {
    for (const [name, sql] of Object.entries(TABLES)) {
      await db.unsafe(`create table public.${name} as ${sql}`);
      const { board } = await boardOf(reader, name, "drc");
      await using site = serveBoard(reader, board);
      const rect = await rectOf(browser, site.origin, TITLES[name as keyof typeof TITLES]);
      ok(rect.top >= 0 && rect.bottom <= 720, `${name}: from ${rect.top} to ${rect.bottom}`);
      if (name === "categories") continue;
      for (const frame of await firstFrames(browser, site.origin, board)) {
        const heat = heatIn(frame, rect);
        ok(heat > 0.05, `${name} at ${frame.width}: ${(100 * heat).toFixed(1)} % is hot`);
      }
    }
  });
});
