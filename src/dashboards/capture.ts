import { heightOf, shownPanels } from "../boards/layout.ts";
import type { Browser } from "../external/browser.ts";
import type { GifFolder } from "../external/gif_folder.ts";
import { attempt } from "./attempt.ts";
import { conclude } from "./conclude.ts";
import { film } from "./film.ts";
import { type Deps as SceneDeps, sceneOf } from "./scene.ts";
import { type Claim, claimNext } from "./store.ts";

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
    theme: "light" | "dark";
    timezone: string;
  };
};

/** Third step: the board, opened in the browser, is filmed and judged. True: there may be more to do. */
export async function captureNext(deps: Deps, signal: AbortSignal): Promise<boolean> {
  const claim = await claimNext(deps.db, "capture");
  if (!claim) return false;
  await attempt(deps.db, claim, signal, async (signal) => {
    const taken = await filmBoard(deps, claim, signal);
    const { gif, png } = taken;
    if (gif) await deps.gifFolder?.write(claim.id, claim.run, { gif, png });
    await conclude(deps.db, claim, taken);
  });
  return true;
}

async function filmBoard(deps: Deps, claim: Claim, signal: AbortSignal) {
  const { browser, capture } = deps;
  const { url, headers, dashboard } = await sceneOf(deps, claim, signal);
  return await film(browser, {
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
  }, signal);
}
