import { ExternalError } from "../errors.ts";
import type { Browser, Page } from "../external/browser.ts";
import { orAborted } from "../external/patience.ts";
import { encodeGif } from "./gif/encode.ts";
import { CHECK_MS, type PanelVerdict, PROBE, Readiness, type Signs, Wire } from "./readiness.ts";

/**
 * `headers` go to the url's origin alone; `panels`: the ids of those that have a query; sizes in pixels,
 * `boardHeight` the whole board's; `timeoutMs` from the page's opening to frame 1.
 */
export type FilmOptions = {
  url: string;
  headers: Record<string, string>;
  panels: number[];
  boardHeight: number;
  width: number;
  height: number;
  frames: number;
  delayMs: number;
  timeoutMs: number;
};

/** `captured_at` is the time of frame 1; no panel is waiting. */
export type Film = { gif: Uint8Array; captured_at: Date; panels: PanelVerdict[] };

/** How long over the frames' own time the browser may take for them. */
const SLACK_MS = 30_000;

/**
 * Opens a board, waits until every panel has its answer and is drawn, and films it: a GIF of exactly
 * `frames` frames of width × height, its top. Panels in error or without data are told, not thrown.
 * Throws ExternalError("browser"): code "denied" or "gone" (permanent), "timeout", and what
 * Browser.withPage throws.
 */
export async function film(
  browser: Browser,
  options: FilmOptions,
  signal: AbortSignal,
): Promise<Film> {
  const { url, headers, width, height, boardHeight, frames, delayMs, timeoutMs } = options;
  const view = {
    width,
    // As tall as the board, or the panels below would neither be mounted nor ask.
    height: Math.max(height, boardHeight),
    headers,
    origin: new URL(url).origin,
    timeoutMs: timeoutMs + frames * delayMs + SLACK_MS,
  };
  return await browser.withPage(view, signal, async (page, signal) => {
    const wire = new Wire(options.panels);
    await inTime(timeoutMs, wire, signal, (signal) => getReady(page, wire, url, signal));
    const { gif, captured_at } = await shoot(page, options, signal);
    return { gif, captured_at, panels: wire.verdicts() };
  });
}

async function getReady(page: Page, wire: Wire, url: string, signal: AbortSignal) {
  page.listen(async (event) => {
    if (wire.note(event)) wire.judge(event.id, await page.body(event.id).catch(() => undefined));
  });
  const { pathname } = new URL(url);
  judgeDocument(await page.open(url), pathname);
  const readiness = new Readiness();
  for (;;) {
    // While the page goes on to another one there is nothing to look at.
    const signs = await page.evaluate<Signs>(PROBE).catch(() => undefined);
    signal.throwIfAborted();
    if (signs && isLogin(signs.path) && !isLogin(pathname)) throw denied();
    if (signs && readiness.check(wire, signs, performance.now())) break;
    await pause(CHECK_MS, signal);
  }
  await page.evaluate(`document.fonts.ready.then(() => new Promise((drawn) =>
    requestAnimationFrame(() => requestAnimationFrame(() => drawn(true)))))`);
}

/** Frame i at captured_at + i × delayMs; one that comes late does not move the next ones. */
async function shoot(page: Page, options: FilmOptions, signal: AbortSignal) {
  const { width, height, frames, delayMs } = options;
  const encoder = encodeGif({ width, height, delayMs });
  try {
    const captured_at = new Date();
    const start = performance.now();
    for (let i = 0; i < frames; i++) {
      await pause(start + i * delayMs - performance.now(), signal);
      encoder.add(await page.screenshot({ top: 0, width, height }));
    }
    return { captured_at, gif: await orAborted(encoder.finish(), signal) };
  } finally {
    encoder.cancel();
  }
}

function judgeDocument({ status, url }: { status: number; url: string }, askedPath: string) {
  const path = new URL(url).pathname;
  if (status === 401 || status === 403 || (isLogin(path) && !isLogin(askedPath))) throw denied();
  if (status === 404) {
    throw new ExternalError("browser", "The board's page is gone (404).", true, { code: "gone" });
  }
  if (status >= 400) {
    throw new ExternalError("browser", `The board's page was answered with ${status}.`, false);
  }
}

const isLogin = (path: string) => /\/(?:login|sign-?in)\/?$/.test(path);

function denied() {
  const sentence = "The board's page asks the browser to sign in: its key is missing or refused.";
  return new ExternalError("browser", sentence, true, { code: "denied" });
}

/** The work, unless it takes longer: then ExternalError "timeout" says which panels are waited for. */
async function inTime<T>(
  timeoutMs: number,
  wire: Wire,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    const sentence = lateSentence(wire, timeoutMs / 1000);
    late.abort(new ExternalError("browser", sentence, false, { code: "timeout" }));
  }, timeoutMs);
  const either = AbortSignal.any([signal, late.signal]);
  try {
    return await orAborted(work(either), either);
  } finally {
    clearTimeout(timer);
  }
}

function lateSentence(wire: Wire, seconds: number): string {
  const ids = wire.verdicts().filter(({ state }) => state === "waiting").map(({ id }) => id);
  if (ids.length === 0) return `The page was still loading after ${seconds} s.`;
  if (ids.length === 1) return `Panel ${ids[0]} has not answered after ${seconds} s.`;
  return `Panels ${ids.join(", ")} have not answered after ${seconds} s.`;
}

/** Throws the signal's reason when it is aborted meanwhile. */
async function pause(ms: number, signal: AbortSignal) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, Math.max(0, ms));
  try {
    await orAborted(promise, signal);
  } finally {
    clearTimeout(timer);
  }
}
