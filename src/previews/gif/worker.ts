/// <reference lib="deno.worker" />
import { inflateSync } from "node:zlib";
import { catchUncaught } from "../../external/uncaught.ts";
import { SlackCopies } from "./copies.ts";
import { decodePng } from "./png.ts";
import { GifStrip } from "./strip.ts";
import { taskLog } from "../../external/log/open.ts";

type Size = { width: number; height: number; delayMs: number };
/** Messages in order: size, screenshots, end. */
export type ToWorker =
  | { start: Size }
  | { png: Uint8Array; holdMs: number | undefined }
  | { finish: true };
export type FromWorker = { gif: Uint8Array } | { copy: Uint8Array | null } | { error: string };

/** Copies are encoded after the GIF is delivered. */
const COPY_AFTER_MS = 20;

/** zlib accepts chunks of at least 64 bytes. */
const inflate = (data: Uint8Array, size: number) =>
  inflateSync(data, { chunkSize: Math.max(64, size) });

catchUncaught(
  taskLog(),
  (error) => self.postMessage({ error: String(error) }),
);

let strip: GifStrip;
let copies: SlackCopies;
let lastPng: Uint8Array | undefined;
let owed: (() => void) | undefined;

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  try {
    if ("start" in data) start(data.start);
    else if ("png" in data) add(data.png, data.holdMs);
    else finish();
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};

function start(size: Size) {
  strip = new GifStrip(size);
  copies = new SlackCopies(size);
}

function add(png: Uint8Array, holdMs: number | undefined) {
  flushPending();
  if (lastPng && isEqual(png, lastPng)) {
    strip.repeat(holdMs);
    owed = () => copies.repeat(holdMs);
  } else {
    strip.add((pixels) => decodePng(png, inflate, pixels), holdMs);
    owed = () => copies.add(strip.pixels, holdMs);
  }
  lastPng = png;
  setTimeout(() => {
    try {
      flushPending();
    } catch (error) {
      self.postMessage({ error: String(error) });
    }
  }, COPY_AFTER_MS);
}

function flushPending() {
  const pay = owed;
  owed = undefined;
  pay?.();
}

function finish() {
  const gif = strip.finish();
  const bytes = gif.length;
  self.postMessage({ gif }, [gif.buffer as ArrayBuffer]);
  flushPending();
  const copy = copies.finish(bytes);
  self.postMessage({ copy }, copy ? [copy.buffer as ArrayBuffer] : []);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
