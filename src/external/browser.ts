import process from "node:process";
import puppeteer, {
  type Browser as Driver,
  type BrowserContext,
  type CDPSession,
} from "puppeteer-core";
import { ExternalError } from "../errors.ts";
import { makeBrowserFolder, removeBrowserFolder } from "./browser_folder.ts";
import { supplyBrowser } from "./browser_supply.ts";
import { once, orAborted, within } from "./patience.ts";

/** `path`: BROWSER_PATH; `url`: BROWSER_URL (http or ws address of a browser that runs elsewhere). */
export type BrowserOptions = {
  path?: string;
  url?: string;
  install: boolean;
  log: (line: string) => void;
};

/** `width`, `height` in CSS pixels; `headers` go to `origin` alone, the one origin that is reached. */
export type PageOptions = {
  width: number;
  height: number;
  headers: Record<string, string>;
  origin: string;
  timeoutMs: number;
};

/** What went over the wire; header names in lower case. Sockets are not told. */
export type WireEvent =
  | {
    what: "sent";
    id: string;
    method: string;
    headers: Record<string, string>;
    kind: string;
    opensDocument: boolean;
  }
  | { what: "answered"; id: string; status: number; isEventStream: boolean }
  | { what: "ended"; id: string }
  | { what: "failed"; id: string; isCancelled: boolean };

/** A page of its own browser context: nothing is shared with another one. */
export type Page = {
  /** Goes there; resolves when the document is parsed: its status (200, 404 …) and final address. */
  open(url: string): Promise<{ status: number; url: string }>;
  listen(listener: (event: WireEvent) => void): void;
  /** The text of an ended answer. */
  body(id: string): Promise<string>;
  /** Runs JavaScript in the page; the result (awaited) must be JSON. */
  evaluate<T>(script: string): Promise<T>;
  /** A lossless PNG of the page's pixels (0, top) to (width, top + height). */
  screenshot(clip: { top: number; width: number; height: number }): Promise<Uint8Array>;
};

export type Browser = {
  state(): { state: "ready" | "installing" | "missing"; message: string };
  /**
   * Runs `work` with a fresh page. Throws ExternalError("browser"): no browser (yet), crashed, or not
   * done within timeoutMs (code "timeout"); an aborted signal's reason. `work` must obey its signal.
   */
  withPage<T>(
    options: PageOptions,
    signal: AbortSignal,
    work: (page: Page, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** Ends the browser and every page within 3 s. */
  close(): Promise<void>;
};

type Running = { driver: Driver; end: () => Promise<void> };

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--lang=en-US",
  "--accept-lang=en-US",
];
/** How long anything may take that only ends something. */
const END_MS = 2_000;
/** Nothing listens there: what the interception does not see (sockets, preconnects) ends here. */
const NOWHERE = "http://127.0.0.1:9";
const NO_SERVICE_WORKER =
  "ServiceWorkerContainer.prototype.register = () => Promise.reject(new Error('not here'))";

/** Looks for a browser (installs one if allowed) in the background; it starts with the first page. */
export function connectBrowser(options: BrowserOptions): Browser {
  const closing = new AbortController();
  const supply = options.url ? undefined : supplyBrowser(options, closing.signal);
  let unreachable: string | undefined;
  let current: Promise<Running> | undefined;

  async function start(): Promise<Running> {
    let running: Running;
    try {
      running = supply
        ? await launch(await supply.path(), closing.signal)
        : await attach(options.url!);
      unreachable = undefined;
    } catch (error) {
      current = undefined;
      if (!supply && error instanceof ExternalError) unreachable = error.message;
      throw error;
    }
    running.driver.once("disconnected", () => {
      current = undefined;
      running.end();
    });
    return running;
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
      const all = AbortSignal.any([signal, closing.signal, task.signal]);
      all.throwIfAborted();
      const seconds = pageOptions.timeoutMs / 1000;
      const late = new ExternalError(
        "browser",
        `The page was not done after ${seconds} s.`,
        false,
        {
          code: "timeout",
        },
      );
      const timer = setTimeout(() => task.abort(late), pageOptions.timeoutMs);
      const running = current ??= start();
      try {
        const { driver, end } = await orAborted(running, all);
        return await inContext(driver, end, pageOptions, task, all, work);
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      closing.abort(new ExternalError("browser", "Dashkeeper is stopping.", false));
      const running = await current?.catch(() => undefined);
      await running?.end();
      await supply?.settled();
    },
  };
}

async function inContext<T>(
  driver: Driver,
  end: () => Promise<void>,
  options: PageOptions,
  task: AbortController,
  signal: AbortSignal,
  work: (page: Page, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const crash = () => {
    const sentence = "The browser ended in the middle of the work; the next try starts it again.";
    task.abort(new ExternalError("browser", sentence, false, { code: "crashed" }));
  };
  driver.once("disconnected", crash);
  let context: BrowserContext | undefined;
  const running = (async () => {
    context = await driver.createBrowserContext({
      proxyServer: NOWHERE,
      proxyBypassList: ["<-loopback>", hostAndPort(options.origin)],
      downloadBehavior: { policy: "deny" },
    });
    signal.throwIfAborted();
    return await work(await openPage(context, options, crash), signal);
  })();
  try {
    return await orAborted(running, signal);
  } catch (error) {
    // What the driver says when it lost the browser is a consequence: the reason may come after it.
    if (!(error instanceof ExternalError)) await new Promise((done) => setTimeout(done, 0));
    if (!driver.connected) crash();
    throw signal.aborted ? signal.reason : error;
  } finally {
    driver.off("disconnected", crash);
    const closed = context ? await within(END_MS, context.close()) : !signal.aborted;
    if (!closed) await end(); // A browser that does not answer any more is of no use to anyone.
    await running.catch(() => {});
  }
}

async function openPage(context: BrowserContext, options: PageOptions, crash: () => void) {
  const page = await context.newPage();
  page.on("error", crash);
  page.on("dialog", (dialog) => dialog.dismiss().catch(() => {}));
  page.on("popup", (popup) => popup?.close().catch(() => {}));
  const session = await page.createCDPSession();
  const { frameTree } = await session.send("Page.getFrameTree");
  const mainFrame = frameTree.frame.id;
  const guard = await guardOrigin(session, options, mainFrame);
  await Promise.all([
    page.setViewport({ width: options.width, height: options.height }),
    page.evaluateOnNewDocument(NO_SERVICE_WORKER),
    session.send("Network.setBypassServiceWorker", { bypass: true }),
    // A query's answer may be large; what is over the buffer could not be judged.
    session.send("Network.enable", {
      maxTotalBufferSize: 200_000_000,
      maxResourceBufferSize: 50_000_000,
    }),
  ]);

  const result: Page = {
    async open(url) {
      try {
        const response = await page.goto(url, { waitUntil: "domcontentloaded", timeout: 0 });
        return { status: response?.status() ?? 200, url: page.url() };
      } catch (error) {
        throw guard.sentAway() ?? unopened(error, options.origin);
      }
    },
    listen: (listener) => listenTo(session, mainFrame, listener),
    async body(requestId) {
      const { body, base64Encoded } = await session.send("Network.getResponseBody", { requestId });
      return base64Encoded ? new TextDecoder().decode(Uint8Array.fromBase64(body)) : body;
    },
    evaluate: (script) => page.evaluate(script) as Promise<never>,
    async screenshot({ top, width, height }) {
      const { data } = await session.send("Page.captureScreenshot", {
        format: "png",
        optimizeForSpeed: true,
        clip: { x: 0, y: top, width, height, scale: 1 },
      });
      return Uint8Array.fromBase64(data);
    },
  };
  return result;
}

/** Own origin: our headers are added. Any other: refused, and known if it was the page itself. */
async function guardOrigin(session: CDPSession, options: PageOptions, mainFrame: string) {
  let sentAway = false;
  session.on("Fetch.requestPaused", ({ requestId, request, resourceType, frameId }) => {
    const { protocol, origin } = new URL(request.url);
    const isOwn = origin === options.origin;
    if (isOwn || protocol === "data:" || protocol === "blob:") {
      const all = Object.entries({ ...request.headers, ...(isOwn ? options.headers : {}) });
      const headers = all.map(([name, value]) => ({ name, value }));
      return session.send("Fetch.continueRequest", { requestId, headers }).catch(() => {});
    }
    sentAway ||= resourceType === "Document" && frameId === mainFrame;
    session.send("Fetch.failRequest", { requestId, errorReason: "BlockedByClient" }).catch(
      () => {},
    );
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
  const sentence = "The page sends the browser to another address, as for signing in.";
  return {
    sentAway: () =>
      sentAway ? new ExternalError("browser", sentence, true, { code: "denied" }) : undefined,
  };
}

function listenTo(session: CDPSession, mainFrame: string, listener: (event: WireEvent) => void) {
  session.on("Network.requestWillBeSent", ({ requestId, request, type, frameId }) =>
    listener({
      what: "sent",
      id: requestId,
      method: request.method,
      headers: lowerCased(request.headers),
      kind: type ?? "Other",
      opensDocument: type === "Document" && frameId === mainFrame,
    }));
  session.on("Network.responseReceived", ({ requestId, response }) =>
    listener({
      what: "answered",
      id: requestId,
      status: response.status,
      isEventStream: response.mimeType === "text/event-stream",
    }));
  session.on(
    "Network.loadingFinished",
    ({ requestId }) => listener({ what: "ended", id: requestId }),
  );
  session.on(
    "Network.loadingFailed",
    ({ requestId, canceled }) =>
      listener({ what: "failed", id: requestId, isCancelled: canceled === true }),
  );
}

async function launch(path: string, signal: AbortSignal): Promise<Running> {
  const folder = await makeBrowserFolder();
  try {
    const driver = await puppeteer.launch({
      executablePath: path,
      // Over the pipe a killed Deno takes the browser with it; the default handlers keep Deno alive.
      pipe: true,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      headless: path.includes("headless-shell") ? "shell" : true,
      args: Deno.uid() === 0 ? [...FLAGS, "--no-sandbox"] : FLAGS,
      userDataDir: folder,
      // Nothing of our environment: it holds the secrets.
      env: { HOME: folder, PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" },
      defaultViewport: null,
      timeout: 30_000,
      signal,
    });
    const child = driver.process()!;
    // The driver stops listening before the pipes are closed: a reset on one would end this process.
    for (const stream of child.stdio) stream?.on("error", () => {});
    const end = once(async () => {
      if (!await within(END_MS, driver.close())) killGroup(child.pid!);
      await removeBrowserFolder(folder);
    });
    return { driver, end };
  } catch {
    await removeBrowserFolder(folder);
    signal.throwIfAborted();
    const hint = Deno.uid() === 0 ? "" : " (its sandbox needs user namespaces)";
    throw new ExternalError("browser", `${path} could not be started${hint}.`, false);
  }
}

/** Debian's program is a script that starts the browser: the whole process group has to go. */
function killGroup(pid: number) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has gone by itself.
  }
}

async function attach(url: string): Promise<Running> {
  try {
    const where = /^wss?:/.test(url) ? { browserWSEndpoint: url } : { browserURL: url };
    const driver = await puppeteer.connect({ ...where, defaultViewport: null });
    return { driver, end: once(() => driver.disconnect()) };
  } catch {
    const sentence = "No browser answers at BROWSER_URL. Is it running, is the address right?";
    throw new ExternalError("browser", sentence, false, { code: "no_browser" });
  }
}

function unopened(error: unknown, origin: string) {
  const reason = error instanceof Error && error.message.match(/net::(ERR_\w+)/)?.[1];
  if (!reason) return error;
  return new ExternalError(
    "browser",
    `The page at ${origin} could not be opened (${reason}).`,
    false,
  );
}

function lowerCased(headers: Record<string, string>) {
  return Object.fromEntries(Object.entries(headers).map(([k, v]) => [k.toLowerCase(), v]));
}

function hostAndPort(origin: string): string {
  const { hostname, port, protocol } = new URL(origin);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}
