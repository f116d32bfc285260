import type { BrowserContext } from "puppeteer-core";
import { ExternalError } from "../../errors.ts";
import { openPage, type Page, type PageOptions } from "./page.ts";
import { attach, END_MS, launch, type Running } from "./process.ts";
import { findOrInstallBrowser } from "./supply.ts";
import { orAborted, pause, within } from "../abort.ts";

export type { NetworkEvent, Page, PageOptions } from "./page.ts";

/**
 * `path`: BROWSER_PATH; `url`: BROWSER_URL (http or ws address of a browser that runs elsewhere);
 * `mostPages`: after so many the next one gets a new browser, for what an old one does not give back
 * ends with it (50).
 */
export type BrowserOptions = {
  path?: string;
  url?: string;
  install: boolean;
  mostPages?: number;
  log: (line: string) => void;
};

export type Browser = {
  state(): { state: "ready" | "installing" | "missing"; message: string };
  /**
   * Runs `work` with a fresh page. Throws ExternalError("browser"): no browser (yet), crashed, silent, or
   * not done within timeoutMs (code "timeout"); an aborted signal's reason. `work` must obey its signal.
   */
  withPage<T>(
    options: PageOptions,
    signal: AbortSignal,
    work: (page: Page, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** Ends the browser and every page within 3 s. */
  close(): Promise<void>;
};

/** A browser with the pages it has open, and how many it had. */
type Used = Running & { open: number; opened: number };

/** A page opens in 0.1 s, on a machine with ten times its work in 2 s: one that takes longer never comes. */
const ANSWER_MS = 10_000;
/** Nothing listens there: what the interception does not see (sockets, preconnects) ends here. */
const NOWHERE = "http://127.0.0.1:9";

/** Looks for a browser (installs one if allowed) in the background; it starts with the first page. */
export function connectBrowser(options: BrowserOptions): Browser {
  const closing = new AbortController();
  const supply = options.url ? undefined : findOrInstallBrowser(options, closing.signal);
  const { mostPages = 50 } = options;
  const all = new Set<Used>();
  let unreachable: string | undefined;
  let current: Promise<Used> | undefined;

  async function start(): Promise<Used> {
    let used: Used;
    try {
      const running = supply
        ? await launch(await supply.path(), closing.signal)
        : await attach(options.url!);
      used = { ...running, open: 0, opened: 0 };
      unreachable = undefined;
    } catch (error) {
      current = undefined;
      if (!supply && error instanceof ExternalError) unreachable = error.message;
      throw error;
    }
    all.add(used);
    const mine = current;
    used.driver.once("disconnected", () => {
      if (current === mine) current = undefined;
      used.end().finally(() => all.delete(used));
    });
    return used;
  }

  /** The browser for one more page: to be given back with release(). */
  async function take(signal: AbortSignal): Promise<Used> {
    const mine = current ??= start();
    const used = await orAborted(mine, signal);
    used.open++;
    if (++used.opened >= mostPages && current === mine) current = undefined;
    return used;
  }

  async function release(used: Used) {
    used.open--;
    if (used.open === 0 && used.opened >= mostPages) await used.end();
  }

  return {
    state() {
      if (supply) return supply.state();
      return unreachable
        ? { state: "missing", message: unreachable }
        : { state: "ready", message: "A browser at BROWSER_URL is used." };
    },
    async withPage(pageOptions, signal, work) {
      const task = new AbortController();
      const either = AbortSignal.any([signal, closing.signal, task.signal]);
      either.throwIfAborted();
      const timer = setTimeout(() => task.abort(late(pageOptions)), pageOptions.timeoutMs);
      try {
        const used = await take(either);
        try {
          return await inContext(used, pageOptions, task, either, work);
        } finally {
          await release(used);
        }
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      closing.abort(new ExternalError("browser", "Dashkeeper is stopping.", false));
      await current?.catch(() => undefined);
      await Promise.all([...all].map(({ end }) => end()));
      await supply?.settled();
    },
  };
}

async function inContext<T>(
  { driver, end }: Running,
  options: PageOptions,
  task: AbortController,
  signal: AbortSignal,
  work: (page: Page, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = (code: string, sentence: string) =>
    task.abort(new ExternalError("browser", sentence, false, { code }));
  const crash = () =>
    stop("crashed", "The browser ended in the middle of the work; the next try starts it again.");
  driver.once("disconnected", crash);
  let context: BrowserContext | undefined;
  let isSilent = false;
  const silence = setTimeout(() => {
    isSilent = true;
    stop("silent", "The browser did not answer; the next try starts it again.");
  }, ANSWER_MS);
  const running = (async () => {
    context = await driver.createBrowserContext({
      proxyServer: NOWHERE,
      proxyBypassList: ["<-loopback>", hostAndPort(options.origin)],
      downloadBehavior: { policy: "deny" },
    });
    signal.throwIfAborted();
    const page = await openPage(context, options, crash);
    clearTimeout(silence);
    return await work(page, signal);
  })();
  try {
    return await orAborted(running, signal);
  } catch (error) {
    // What the driver says when it lost the browser is a consequence: the reason may come after it.
    if (!(error instanceof ExternalError)) await pause(0);
    if (!driver.connected) crash();
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(silence);
    driver.off("disconnected", crash);
    const closed = context ? !isSilent && await within(END_MS, context.close()) : !signal.aborted;
    if (!closed) await end(); // A browser that does not answer any more is of no use to anyone.
    await running.catch(() => {});
  }
}

function late({ timeoutMs }: PageOptions): ExternalError {
  const sentence = `The page was not done after ${timeoutMs / 1000} s.`;
  return new ExternalError("browser", sentence, false, { code: "timeout" });
}

function hostAndPort(origin: string): string {
  const { hostname, port, protocol } = new URL(origin);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
