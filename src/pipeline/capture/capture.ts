import { heightOf } from "../../boards/layout.ts";
import { shownPanels } from "../../boards/queried.ts";
import { ExternalError } from "../../errors.ts";
import type { Browser } from "../../external/browser/browser.ts";
import type { GifFolder } from "../../external/gif_folder.ts";
import { captures, gifBytes } from "../../external/metrics/metrics.ts";
import { traced } from "../../external/trace/span.ts";
import { attempt } from "../attempt.ts";
import { finishCapture } from "./finish.ts";
import { NO_PICTURES, type Preview, takePreview } from "../../previews/preview.ts";
import type { Outcome } from "../../previews/outcome.ts";
import { captureTarget, type Deps as SceneDeps } from "./target.ts";
import { type Claim, claimNext } from "../row.ts";

export type Deps = SceneDeps & {
  browser: Browser;
  gifFolder?: GifFolder | undefined;
  capture: {
    width: number;
    height: number;
    frames: number;
    delay_ms: number;
    timeout_ms: number;
    theme: "light" | "dark";
    timezone: string;
  };
};

/** Third step: opens, records and evaluates a board. True: there may be more rows. */
export async function captureNext(deps: Deps, signal: AbortSignal): Promise<boolean> {
  const claim = await claimNext(deps.db, "capture");
  if (!claim) return false;
  await attempt(deps, claim, signal, async (signal) => {
    const taken = await counted(previewBoard(deps, claim, signal).catch(unseen));
    const { gif, png } = taken;
    if (gif) await deps.gifFolder?.write(claim.id, claim.run, { gif, png });
    await finishCapture(deps.db, claim, taken);
  });
  return true;
}

async function counted(capture: Promise<Preview>): Promise<Preview> {
  const taken = await capture.catch((error) => {
    captures.inc({ outcome: "failed" });
    throw error;
  });
  captures.inc({ outcome: taken.outcome });
  if (taken.gif) gifBytes.observe(taken.gif.length);
  return taken;
}

async function previewBoard(deps: Deps, claim: Claim, signal: AbortSignal) {
  const { browser, capture } = deps;
  const { url, headers, dashboard } = await captureTarget(deps, claim, signal);
  return await traced(BROWSER, () =>
    takePreview(browser, {
      url,
      headers,
      panels: shownPanels(dashboard),
      boardHeight: heightOf(dashboard),
      width: capture.width,
      height: capture.height,
      frames: capture.frames,
      delayMs: capture.delay_ms,
      timeoutMs: capture.timeout_ms,
      theme: capture.theme,
      timezone: capture.timezone,
    }, signal));
}

const BROWSER = {
  name: "browser preview",
  attributes: { "dashkeeper.system": "browser", "dashkeeper.method": "preview" },
};

/** Outcomes of Grafana's errors before the browser opens the page. */
const UNSEEN: Record<string, Outcome> = {
  key_refused: "denied",
  key_unknown: "denied",
  missing_permission: "denied",
  gone: "gone",
};

/** Clear the previous capture's panel states. */
function unseen(error: unknown): Preview {
  const outcome = error instanceof ExternalError && UNSEEN[error.more.code ?? ""];
  if (!outcome) throw error;
  return { outcome, sentence: error.message, panels: [], ...NO_PICTURES };
}
