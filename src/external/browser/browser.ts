import type { BrowserContext } from "puppeteer-core";
import { ExternalError } from "../../errors.ts";
import { openPage, type Page, type PageOptions } from "./page.ts";
import { attach, END_MS, launch, type Running } from "./process.ts";
import { findOrInstallBrowser } from "./finder.ts";
import { shareBrowser } from "./shared.ts";
import { orAborted, pause, within } from "../abort.ts";
import type { Log } from "../log/log.ts";

export type { NetworkEvent, Page, PageOptions } from "./page.ts";

/** `mostPages`: a new browser after so many pages, as an old one does not free everything (50). */
export type BrowserOptions = {
  path?: string;
  url?: string;
  install: boolean;
  mostPages?: number;
  log: Log;
};

export type Browser = {
  state(): { state: "ready" | "installing" | "missing"; message: string };
  /** `work` must obey its signal. Throws ExternalError, code "timeout" after timeoutMs. */
  withPage<T>(
    options: PageOptions,
    signal: AbortSignal,
    work: (page: Page, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** Ends the browser and every page within 3 s. */
  close(): Promise<void>;
};

/** A page opens in 0.1 s, on a machine with ten times the load in 2 s. */
const ANSWER_MS = 10_000;
/** A proxy where nothing listens: sockets and preconnects, which we cannot intercept, end here. */
const NOWHERE = "http://127.0.0.1:9";

/** Looks for a browser (installs one if allowed) in the background; it starts with the first page. */
export function connectBrowser(options: BrowserOptions): Browser {
  const closing = new AbortController();
  const finder = options.url ? undefined : findOrInstallBrowser(options, closing.signal);
  const remote = { message: "" };
  const start = async () =>
    finder
      ? await launch(await finder.path(), closing.signal)
      : await attachTo(options.url!, remote);
  const shared = shareBrowser(start, options.mostPages ?? 50);
  return {
    state() {
      if (finder) return finder.state();
      return remote.message
        ? { state: "missing", message: remote.message }
        : { state: "ready", message: "A browser at BROWSER_URL is used." };
    },
    async withPage(pageOptions, signal, work) {
      const task = new AbortController();
      const either = AbortSignal.any([signal, closing.signal, task.signal]);
      either.throwIfAborted();
      const timer = setTimeout(() => task.abort(timeoutError(pageOptions)), pageOptions.timeoutMs);
      try {
        return await shared.use(either, (used) => inContext(used, pageOptions, task, either, work));
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      closing.abort(new ExternalError("browser", "Dashkeeper is stopping.", false));
      await shared.end();
      await finder?.ended();
    },
  };
}

/** Keeps the reason of a failure in `remote`. */
async function attachTo(url: string, remote: { message: string }): Promise<Running> {
  try {
    const running = await attach(url);
    remote.message = "";
    return running;
  } catch (error) {
    if (error instanceof ExternalError) remote.message = error.message;
    throw error;
  }
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
    context = await openContext(driver, options.origin);
    signal.throwIfAborted();
    const page = await openPage(context, options, crash);
    clearTimeout(silence);
    return await work(page, signal);
  })();
  try {
    return await orAborted(running, signal);
  } catch (error) {
    // The driver's error for a lost browser may come before the reason.
    if (!(error instanceof ExternalError)) await pause(0);
    if (!driver.connected) crash();
    throw signal.aborted ? signal.reason : error;
  } finally {
    clearTimeout(silence);
    driver.off("disconnected", crash);
    const closed = context ? !isSilent && await within(END_MS, context.close()) : !signal.aborted;
    if (!closed) await end();
    await running.catch(() => {});
  }
}

const openContext = (driver: Running["driver"], origin: string) =>
  driver.createBrowserContext({
    proxyServer: NOWHERE,
    proxyBypassList: ["<-loopback>", hostAndPort(origin)],
    downloadBehavior: { policy: "deny" },
  });

function timeoutError({ timeoutMs }: PageOptions): ExternalError {
  const sentence = `The page was not done after ${timeoutMs / 1000} s.`;
  return new ExternalError("browser", sentence, false, { code: "timeout" });
}

function hostAndPort(origin: string): string {
  const { hostname, port, protocol } = new URL(origin);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
