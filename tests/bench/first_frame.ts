import type { Dashboard } from "../../src/boards/compose.ts";
import { heightOf } from "../../src/boards/layout.ts";
import { shownPanels } from "../../src/boards/queried.ts";
import { CAPTURE_HEADER, signCapture } from "../../src/boards/access.ts";
import { createNext } from "../../src/pipeline/create/create.ts";
import { takePreview } from "../../src/previews/preview.ts";
import { claimNext } from "../../src/pipeline/row.ts";
import type { Browser } from "../../src/external/browser/browser.ts";
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { databaseUrl } from "../../src/external/postgres/postgres.ts";
import { load } from "../help/boards/boards.ts";
import { browserHere } from "../help/previews/browser.ts";
import { never } from "../help/time.ts";
import { startWorld } from "../help/world/world.ts";
import { browserMemory } from "./gif_film.ts";
import { SILENT } from "../../src/external/log/log.ts";

const ROUNDS = 8;

/**
 * Films the board of real results as the service itself shows it, one capture after the other in a warm
 * browser: ms from each page's opening to its first frame, and what the browser then takes of the memory for
 * itself, MB.
 */
export async function firstFrames(browser: Browser, rounds: number) {
  await using test = await startWorld({ user: true });
  const { url, headers, board } = await claimedBoard(test);
  const options = {
    url,
    headers,
    panels: shownPanels(board),
    boardHeight: heightOf(board),
    width: 1920,
    height: 1080,
    frames: 1,
    delayMs: 500,
    timeoutMs: 20_000,
    theme: "light",
    timezone: "utc",
  } as const;
  const times: number[] = [], memory: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const { opened, browser: timed } = whenOpened(browser);
    const { outcome, captured_at, sentence } = await takePreview(timed, options, never);
    if (outcome !== "loaded") throw new Error(`${outcome}: ${sentence}`);
    times.push(captured_at!.getTime() - await opened);
    memory.push(await browserMemory("Pss_Dirty"));
  }
  return { panels: options.panels.length, times, memory };
}

/** Prints the first frames' times, least, median and most. */
export async function benchFirstFrame() {
  const dataDir = await Deno.makeTempDir({ prefix: "frame-bench-" });
  const { stop, ...server } = await startEmbedded({ dataDir, log: SILENT });
  try {
    Deno.env.set("TEST_DATABASE_URL", databaseUrl({ ...server, database: "postgres" }));
    await using browser = browserHere();
    const { panels, times } = await firstFrames(browser, ROUNDS);
    const sorted = times.slice(1).sort((a, b) => a - b); // the first one starts the browser
    const [least, median, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)];
    console.log(`${panels} panels: ${least} … ${median} … ${most} ms`);
  } finally {
    await stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** The real results' board, as the service itself shows it to a capture. */
async function claimedBoard({ session, found, deps, db, origin }: Service) {
  await using owner = await session();
  await load(owner, "qor_history");
  await owner`select pg_catalog.pg_stat_force_next_flush()`;
  await found();
  await createNext(deps, never);
  const { id, claim_id } = (await claimNext(db, "capture"))!;
  const [row] = await db<{ board: Dashboard }[]>`select board from dashboards where id = ${id}`;
  const token = await signCapture(deps.signingKey, id, claim_id);
  return { url: `${origin}/boards/${id}`, headers: { [CAPTURE_HEADER]: token }, board: row!.board };
}
type Service = Awaited<ReturnType<typeof startWorld>>;

/** The browser, and when it was told to open its next page (ms of the epoch). */
function whenOpened(browser: Browser) {
  const { promise: opened, resolve } = Promise.withResolvers<number>();
  const withPage: Browser["withPage"] = (options, signal, work) =>
    browser.withPage(options, signal, (page, signal) => {
      const open = (url: string) => {
        resolve(Date.now());
        return page.open(url);
      };
      return work({ ...page, open }, signal);
    });
  return { opened, browser: { ...browser, withPage } };
}
