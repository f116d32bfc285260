import type { BrowserContext, CDPSession, Page as DriverPage } from "puppeteer-core";
import { ExternalError } from "../../errors.ts";

/**
 * Sizes in CSS pixels; `headers` go to `origin`, the only one reachable; `timezone`: IANA or "utc".
 */
export type PageOptions = {
  width: number;
  height: number;
  scale?: number;
  headers: Record<string, string>;
  origin: string;
  timeoutMs: number;
  theme?: "light" | "dark";
  timezone?: string;
};

export type NetworkEvent =
  | {
    what: "sent";
    id: string;
    method: string;
    url: string;
    headers: Record<string, string>;
    kind: string;
    opensDocument: boolean;
  }
  | { what: "answered"; id: string; status: number; isEventStream: boolean }
  | { what: "ended"; id: string }
  | { what: "failed"; id: string; isCancelled: boolean };

export type Clip = { top: number; width: number; height: number };

/** A page of its own browser context: nothing is shared with another one. */
export type Page = {
  /**
   * Resolves when a document shows; `text` from status 400 on. 401: redirected to another origin.
   */
  open(url: string): Promise<{ status: number; url: string; text: string }>;
  listen(listener: (event: NetworkEvent) => void): void;
  isSentAway(): boolean;
  body(id: string): Promise<string>;
  evaluate<T>(script: string): Promise<T>;
  resize(height: number): Promise<void>;
  /** A lossless PNG of a part of the page; `small`: takes twice the time, for two thirds of the bytes. */
  screenshot(clip: Clip, how?: { small: boolean }): Promise<Uint8Array>;
  /** A WebP picture of a part of the page, `pixels` wide. */
  thumbnail(clip: Clip, pixels: number): Promise<Uint8Array>;
};

/** The time limit for the text of a refused page. */
const TEXT_MS = 2000;
const NO_SERVICE_WORKER =
  "ServiceWorkerContainer.prototype.register = () => Promise.reject(new Error('not here'))";

export async function openPage(
  context: BrowserContext,
  options: PageOptions,
  crash: () => void,
): Promise<Page> {
  const page = await context.newPage();
  page.on("error", crash);
  page.on("dialog", (dialog) => dialog.dismiss().catch(() => {}));
  page.on("popup", (popup) => popup?.close().catch(() => {}));
  const session = await page.createCDPSession();
  const { frameTree } = await session.send("Page.getFrameTree");
  const mainFrame = frameTree.frame.id;
  const { isSentAway } = await guardOrigin(session, options, mainFrame);
  await prepare(page, session, options);
  return {
    isSentAway,
    async open(url) {
      try {
        return await goTo(page, url);
      } catch (error) {
        if (isSentAway()) return { status: 401, url, text: "" };
        throw unopened(error, options.origin);
      }
    },
    listen: (listener) => listenTo(session, mainFrame, listener),
    async body(requestId) {
      const { body, base64Encoded } = await session.send("Network.getResponseBody", { requestId });
      return base64Encoded ? new TextDecoder().decode(Uint8Array.fromBase64(body)) : body;
    },
    evaluate: (script) => page.evaluate(script) as Promise<never>,
    resize: (height) => resize(session, options, height),
    screenshot: (clip, how) => screenshot(session, clip, how),
    thumbnail: (clip, pixels) =>
      thumbnail(session, clip, pixels / (clip.width * (options.scale ?? 1))),
  };
}

async function prepare(page: DriverPage, session: CDPSession, options: PageOptions) {
  await Promise.all([
    resize(session, options, options.height),
    addDisplayParams(page, session, options),
    page.evaluateOnNewDocument(NO_SERVICE_WORKER),
    session.send("Network.setBypassServiceWorker", { bypass: true }),
    session.send("Network.enable", {
      maxTotalBufferSize: 200_000_000,
      maxResourceBufferSize: 50_000_000,
    }),
  ]);
}

async function resize(session: CDPSession, { width, scale = 1 }: PageOptions, height: number) {
  const metrics = { width, height, deviceScaleFactor: scale, mobile: false };
  await session.send("Emulation.setDeviceMetricsOverride", metrics);
}

/** Waits for no load event: one script or style sheet that never arrives would delay it. */
async function goTo(page: DriverPage, url: string) {
  const shown = Promise.withResolvers<void>();
  page.once("framenavigated", () => shown.resolve());
  const response = await page.goto(url, { waitUntil: [], timeout: 0 });
  await shown.promise;
  const status = response?.status() ?? 200;
  const text = status < 400 ? "" : await soon(response!.text());
  return { status, url: page.url(), text };
}

async function screenshot(
  session: CDPSession,
  { top, width, height }: Clip,
  { small } = { small: false },
) {
  const { data } = await session.send("Page.captureScreenshot", {
    format: "png",
    optimizeForSpeed: !small,
    clip: { x: 0, y: top, width, height, scale: 1 },
  });
  return Uint8Array.fromBase64(data);
}

/** At quality 50 a dashboard of 400 px takes about 5 kB. */
async function thumbnail(session: CDPSession, { top, width, height }: Clip, scale: number) {
  const { data } = await session.send("Page.captureScreenshot", {
    format: "webp",
    quality: 50,
    clip: { x: 0, y: top, width, height, scale },
  });
  return Uint8Array.fromBase64(data);
}

async function addDisplayParams(page: DriverPage, session: CDPSession, options: PageOptions) {
  const { theme, timezone } = options;
  await session.send("Emulation.setScrollbarsHidden", { hidden: true });
  if (timezone) await page.emulateTimezone(timezone === "utc" ? "UTC" : timezone);
  if (!theme) return;
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
}

/** Adds our headers for the own origin and refuses all others. */
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
  return { isSentAway: () => sentAway };
}

function listenTo(session: CDPSession, mainFrame: string, listener: (event: NetworkEvent) => void) {
  session.on("Network.requestWillBeSent", ({ requestId, request, type, frameId }) =>
    listener({
      what: "sent",
      id: requestId,
      method: request.method,
      url: request.url,
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

async function soon(text: Promise<string>): Promise<string> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(resolve, TEXT_MS, "");
  const read = await Promise.race([text.catch(() => ""), late]);
  clearTimeout(timer);
  return read;
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
