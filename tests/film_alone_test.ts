import { ok, strictEqual as equal } from "node:assert";
import type { Dashboard } from "../src/boards/compose.ts";
import { heightOf, shownPanels } from "../src/boards/layout.ts";
import { CAPTURE_HEADER, signCapture } from "../src/dashboards/board_access.ts";
import { createNext } from "../src/dashboards/create.ts";
import { film } from "../src/dashboards/film.ts";
import { claimNext } from "../src/dashboards/store.ts";
import { browserMemory, filmTogether } from "./bench/gif_film.ts";
import { load } from "./help/boards.ts";
import { browserHere, never } from "./help/film_browser.ts";
import { startScans } from "./help/scans.ts";

Deno.test("film() films four at a time, no frame late by more than a delay", async () => {
  await using browser = browserHere();
  const { latest, longest } = await filmTogether(browser, 4);
  console.log(`four at a time: latest ${latest} ms, longest ${Math.round(longest)} ms`);
  ok(latest < 500, `a frame was ${latest} ms late`);
});

Deno.test("film() shows the built-in board within 1 s of its opening in a warm browser, and keeps no memory", async () => {
  await using browser = browserHere();
  await using test = await startScans();
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
  ok(options.panels.length >= 18);
  const times: number[] = [], memory: number[] = [];
  // Whatever else the machine does delays it: up to 24 tries to find it idle for a second.
  for (let i = 0; i < 8 || (i < 24 && Math.min(...times) > 1000); i++) {
    const { opened, browser: timed } = whenOpened(browser);
    const taken = await film(timed, options, never);
    equal(taken.outcome, "loaded");
    times.push(taken.captured_at!.getTime() - await opened);
    memory.push(await browserMemory());
  }
  const best = Math.min(...times);
  console.log(`frame 1 after ${times.join(", ")} ms; MB ${memory.map(Math.round).join(", ")}`);
  ok(best <= 1000, `frame 1 came ${best} ms after the page's opening`);
  ok(memory.at(-1)! < memory[1]! * 1.3 + 30, `the browser grew to ${memory.at(-1)} MB`);
});

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
type Service = Awaited<ReturnType<typeof startScans>>;

/** The browser, and when it was told to open its next page (ms of the epoch). */
function whenOpened(browser: ReturnType<typeof browserHere>) {
  const { promise: opened, resolve } = Promise.withResolvers<number>();
  const withPage: typeof browser.withPage = (options, signal, work) =>
    browser.withPage(options, signal, (page, signal) => {
      const open = (url: string) => {
        resolve(Date.now());
        return page.open(url);
      };
      return work({ ...page, open }, signal);
    });
  return { opened, browser: { ...browser, withPage } };
}
