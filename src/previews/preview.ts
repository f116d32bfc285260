import type { ShownPanel } from "../boards/queried.ts";
import type { Browser, Page } from "../external/browser/browser.ts";
import type { Signs } from "./signs.ts";
import { record, type Recording } from "./record.ts";
import { evaluateBoard, evaluatePanels } from "./evaluate.ts";
import type { Outcome, Panel } from "./outcome.ts";
import { watch } from "./watch.ts";
import { NetworkLog } from "./network_log.ts";

/** `headers` go to the url's origin only; sizes in px; `timeoutMs` until frame 1; `timezone` "utc" or an IANA name. */
export type PreviewOptions = {
  url: string;
  headers: Record<string, string>;
  panels: ShownPanel[];
  boardHeight: number;
  width: number;
  height: number;
  frames: number;
  delayMs: number;
  timeoutMs: number;
  theme: "light" | "dark";
  timezone: string;
};

/** `slack_gif` is null when `gif` itself fits. `may_pass`: retry, as Grafana caches permissions for up to a minute. */
export type Preview = {
  outcome: Outcome;
  sentence: string | null;
  may_pass?: true;
  panels: Panel[];
  gif: Uint8Array | null;
  slack_gif: Uint8Array | null;
  png: Uint8Array | null;
  thumbnail: Uint8Array | null;
  captured_at: Date | null;
};

/** Narrower pages stack all panels in one column. */
const LEAST_WIDTH = 769;
/** Allowed on top of the frames' duration. */
const SLACK_MS = 30_000;
/** The same for a late page. */
const LATE_SLACK_MS = 5_000;

/** Opens, evaluates and records a board. Throws as Browser.withPage() does, and ExternalError("browser"). */
export async function takePreview(
  browser: Browser,
  options: PreviewOptions,
  signal: AbortSignal,
): Promise<Preview> {
  const { headers, width, height, frames, delayMs, timeoutMs, theme, timezone } = options;
  const scale = Math.min(1, width / LEAST_WIDTH);
  const layout = { width: Math.max(width, LEAST_WIDTH), height: height / scale };
  const url = withDisplayParams(options);
  const view = {
    width: layout.width,
    // Grafana mounts and queries visible panels only, so the viewport covers the whole board.
    height: Math.ceil(Math.max(layout.height, options.boardHeight)),
    scale,
    headers,
    origin: new URL(url).origin,
    timeoutMs: timeoutMs + frames * delayMs + SLACK_MS,
    theme,
    timezone,
  };
  return await browser.withPage(view, signal, async (page, signal) => {
    const network = new NetworkLog(options.panels, uidIn(url));
    const { end, signs } = await watch(
      page,
      network,
      { url, height: view.height, timeoutMs },
      signal,
    );
    const panels = evaluatePanels(network, signs, end === "ready");
    const evaluated = { ...evaluateBoard(end, panels, timeoutMs), panels };
    if ((end !== "ready" && end !== "late") || !signs) return { ...evaluated, ...NO_PICTURES };
    const boardHeight = boardHeightIn(signs, options);
    const shot = { width, height, frames, delayMs, layout: { ...layout, boardHeight } };
    if (end === "ready") return { ...evaluated, ...await record(page, shot, signal) };
    return { ...evaluated, ...await recordLate(page, shot, signal) };
  });
}

export const NO_PICTURES = {
  gif: null,
  slack_gif: null,
  png: null,
  thumbnail: null,
  captured_at: null,
};

async function recordLate(page: Page, shot: Recording, signal: AbortSignal) {
  const over = new AbortController();
  const ms = shot.frames * shot.delayMs + LATE_SLACK_MS;
  const timer = setTimeout(() => over.abort(), ms);
  try {
    return await record(page, shot, AbortSignal.any([signal, over.signal]));
  } catch (error) {
    if (signal.aborted || !over.signal.aborted) throw error;
    return NO_PICTURES;
  } finally {
    clearTimeout(timer);
  }
}

/** The page's height, or the board's when a panel is missing. */
function boardHeightIn(
  { bottom, mounted }: Signs,
  { panels, boardHeight }: PreviewOptions,
): number {
  return panels.every(({ id }) => mounted.includes(id)) && panels.length > 0
    ? Math.ceil(bottom)
    : boardHeight;
}

/** Adds kiosk mode, theme and time zone, and switches refresh off. */
function withDisplayParams({ url, theme, timezone }: PreviewOptions): string {
  const address = new URL(url);
  const asked = { kiosk: "kiosk", theme: `theme=${theme}`, refresh: "refresh=" };
  const wanted = { ...asked, timezone: `timezone=${encodeURIComponent(timezone)}` };
  const missing = Object.entries(wanted).filter(([name]) => !address.searchParams.has(name));
  const parts = [address.search.slice(1), ...missing.map(([, part]) => part)];
  address.search = parts.filter((part) => part !== "").join("&");
  return address.href;
}

/** From `/d/<uid>/<slug>`. */
function uidIn(url: string): string | undefined {
  return /\/d\/([^/]+)/.exec(new URL(url).pathname)?.[1];
}
