import { ExternalError } from "../errors.ts";
import type { Page } from "../external/browser/browser.ts";
import { orAborted, pause } from "../external/abort.ts";
import { refusalOf } from "./answer.ts";
import { PROBE, type Signs } from "./signs.ts";
import type { End } from "./evaluate.ts";
import type { NetworkLog } from "./network_log.ts";
import { CHECK_MS, Readiness } from "./readiness.ts";

/** `signs` undefined: no board was found. */
export type Watched = { end: End; signs: Signs | undefined };

/** Between checks of an unfinished page. */
const RECHECK_MS = 40;
/** Resolves after fonts (0.3 s at most) and two animation frames. */
const DRAWN = `Promise.race([document.fonts.ready, new Promise((late) => setTimeout(late, 300))])
  .then(() => new Promise((drawn) =>
    requestAnimationFrame(() => requestAnimationFrame(() => drawn(true)))))`;
/** A page may grow with its viewport. */
const MOST_RESIZES = 3;

/** Checks a page until finished or `timeoutMs` are over. Throws ExternalError("browser") and the signal's reason. */
export async function watch(
  page: Page,
  network: NetworkLog,
  { url, height, timeoutMs }: { url: string; height: number; timeoutMs: number },
  signal: AbortSignal,
): Promise<Watched> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const either = AbortSignal.any([signal, late.signal]);
  const watched: Watched = { end: "late", signs: undefined };
  try {
    watched.end = await orAborted(check(page, network, { url, height }, watched, either), either);
  } catch (error) {
    if (signal.aborted || !late.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
  return watched;
}

async function check(
  page: Page,
  network: NetworkLog,
  view: { url: string; height: number },
  watched: Watched,
  signal: AbortSignal,
): Promise<End> {
  page.listen(async (event) => {
    if (network.note(event)) {
      network.read(
        event.id,
        await page.body(event.id).catch(() => undefined),
      );
    }
  });
  const noBoard = checkDocument(await page.open(view.url), view.url);
  if (noBoard) return noBoard;
  const readiness = new Readiness();
  let { height } = view;
  for (let resizes = 0;;) {
    const started = performance.now();
    const signs = await page.evaluate<Signs>(PROBE).catch(() => undefined);
    signal.throwIfAborted();
    if (network.refusal) return network.refusal;
    if (page.isSentAway() || (signs && isLogin(signs.path, view.url))) return "denied";
    if (network.isGone) return "gone";
    if (signs) {
      watched.signs = signs;
      if (signs.hidden > 1 && resizes++ < MOST_RESIZES) {
        await page.resize(height += signs.hidden);
      } else if (readiness.check(network, signs, performance.now())) break;
    }
    const next = readiness.isCalm ? CHECK_MS : RECHECK_MS;
    await pause(started + next - performance.now(), signal);
  }
  await page.evaluate(DRAWN);
  return "ready";
}

type Opened = { status: number; url: string; text: string };

function checkDocument(
  { status, url, text }: Opened,
  asked: string,
): "denied" | "gone" | undefined {
  if (refusalOf(status, text) || isLogin(new URL(url).pathname, asked)) return "denied";
  if (status === 404) return "gone";
  if (status < 400) return undefined;
  throw new ExternalError("browser", `The dashboard's page returned HTTP ${status}.`, false);
}

/** True for a redirect to a sign-in page. */
function isLogin(path: string, asked: string): boolean {
  const login = /\/(?:login|sign-?in)\/?$/;
  return login.test(path) && !login.test(new URL(asked).pathname);
}
