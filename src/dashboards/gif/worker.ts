/// <reference lib="deno.worker" />
import { inflateSync } from "node:zlib";
import { GifStrip } from "./strip.ts";

/** What the worker is told: the GIF's measures, then screenshots, at last that there are no more. */
export type ToWorker =
  | { start: { width: number; height: number; delayMs: number } }
  | { png: Uint8Array }
  | { finish: true };
export type FromWorker = { gif: Uint8Array } | { error: string };

/** One chunk of the known size: no growing, no joining. zlib takes no chunk below 64 bytes. */
const inflate = (data: Uint8Array, size: number) =>
  inflateSync(data, { chunkSize: Math.max(64, size) });

let strip: GifStrip;

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  try {
    work(data);
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};

function work(message: ToWorker) {
  if ("start" in message) strip = new GifStrip(message.start, inflate);
  else if ("png" in message) strip.add(message.png);
  else {
    const gif = strip.finish();
    self.postMessage({ gif }, [gif.buffer as ArrayBuffer]);
  }
}
