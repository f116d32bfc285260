import type { Dashboard } from "../boards/compose.ts";
import { heightOf, queriedPanels } from "../boards/layout.ts";
import { ExternalError } from "../errors.ts";
import type { Browser } from "../external/browser.ts";
import type { GifFolder } from "../external/gif_folder.ts";
import type { Sql } from "../external/postgres.ts";
import { attempt, ClaimLost } from "./attempt.ts";
import { CAPTURE_HEADER, signCapture } from "./board_access.ts";
import { film } from "./film.ts";
import { advance, type Claim, claimNext, findBoard, saveGif, wasTold } from "./store.ts";

export type Deps = {
  db: Sql;
  browser: Browser;
  signingKey: CryptoKey;
  gifFolder?: GifFolder | undefined;
  /** `base_url`: where the browser reaches this service; `delay_ms` between `frames`. */
  capture: {
    base_url: string;
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

async function filmBoard(
  { db, browser, signingKey, capture }: Deps,
  claim: Claim,
  signal: AbortSignal,
) {
  const { id, claim_id } = claim;
  const board = (await findBoard(db, id))?.board as Dashboard | null | undefined;
  if (!board) throw new Error(`dashboard ${id} has no board`);
  const taken = await film(browser, {
    url: `${capture.base_url}/boards/${id}`,
    headers: { [CAPTURE_HEADER]: await signCapture(signingKey, id, claim_id) },
    panels: queriedPanels(board),
    boardHeight: heightOf(board),
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
