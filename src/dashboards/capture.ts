import { heightOf, queriedPanels } from "../boards/layout.ts";
import { ExternalError } from "../errors.ts";
import type { Browser } from "../external/browser.ts";
import type { GifFolder } from "../external/gif_folder.ts";
import { attempt, ClaimLost } from "./attempt.ts";
import { film } from "./film.ts";
import { type Deps as SceneDeps, sceneOf } from "./scene.ts";
import { advance, type Claim, claimNext, saveGif, wasTold } from "./store.ts";

export type Deps = SceneDeps & {
  browser: Browser;
  gifFolder?: GifFolder | undefined;
  /** `delay_ms` between `frames`. */
  capture: {
    width: number;
    height: number;
    frames: number;
    delay_ms: number;
    timeout_ms: number;
  };
};

/** Third step: the board, opened in the browser, becomes a GIF. True: there may be more to do. */
export async function captureNext(deps: Deps, signal: AbortSignal): Promise<boolean> {
  const claim = await claimNext(deps.db, "capture");
  if (!claim) return false;
  await attempt(deps.db, claim, signal, async (signal) => {
    const { gif, captured_at } = await filmBoard(deps, claim, signal);
    await deps.gifFolder?.write(claim.id, claim.run, gif);
    const next = await wasTold(deps.db, claim) ? "done" : "notify";
    await deps.db.begin(async (tx) => {
      if (!await advance(tx, claim, next)) throw new ClaimLost();
      await saveGif(tx, claim, gif, captured_at);
    });
  });
  return true;
}

async function filmBoard(deps: Deps, claim: Claim, signal: AbortSignal) {
  const { browser, capture } = deps;
  const { url, headers, dashboard } = await sceneOf(deps, claim, signal);
  const taken = await film(browser, {
    url,
    headers,
    panels: queriedPanels(dashboard),
    boardHeight: heightOf(dashboard),
    width: capture.width,
    height: capture.height,
    frames: capture.frames,
    delayMs: capture.delay_ms,
    timeoutMs: capture.timeout_ms,
  }, signal);
  const faulty = taken.panels.find(({ state }) => state === "error");
  if (faulty) {
    const why = `Panel ${faulty.id} of the board shows an error: ${
      faulty.message ?? "no reason given"
    }`;
    throw new ExternalError("browser", why, false);
  }
  return taken;
}
