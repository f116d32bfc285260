import { strictEqual as equal } from "node:assert";
import { inflateSync } from "node:zlib";
import { decodePng, pngSize } from "../../../src/previews/gif/png.ts";
import { type Browser, connectBrowser } from "../../../src/external/browser/browser.ts";
import { decodeGif, type Gif } from "./gif.ts";
import { taskLog } from "../../../src/external/log/open.ts";

export const after = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A browser of this machine, which ends with its test. */
export function browserHere(): Browser & AsyncDisposable {
  const browser = connectBrowser({ install: true, log: taskLog() });
  return { ...browser, [Symbol.asyncDispose]: () => browser.close() };
}

/** A picture's size and its pixels, as "rrggbb". */
export type Picture = { width: number; height: number; at(x: number, y: number): string };

const hex = (...bytes: number[]) => bytes.map((b) => b.toString(16).padStart(2, "0")).join("");

/** A screenshot. */
export function readPng(png: Uint8Array): Picture {
  const { width, height } = pngSize(png);
  const pixels = new Uint32Array(width * height);
  decodePng(png, (data) => inflateSync(data), pixels);
  const at = (x: number, y: number) => {
    const colour = pixels[y * width + x]!;
    return hex(colour & 255, (colour >> 8) & 255, colour >> 16);
  };
  return { width, height, at };
}

/** A GIF's frames, each whole, with its delay in ms; it must loop for ever. */
export function readGif(bytes: Uint8Array): (Picture & { delayMs: number })[] {
  const gif: Gif = decodeGif(bytes);
  equal(gif.loops, 0);
  return gif.frames.map(({ delayMs, pixels }) => ({
    width: gif.width,
    height: gif.height,
    delayMs,
    at: (x, y) => hex(...pixels.subarray((y * gif.width + x) * 4, (y * gif.width + x) * 4 + 3)),
  }));
}

/** Width and height of a lossy WebP picture. */
export function webpSize(webp: Uint8Array): [number, number] {
  const view = new DataView(webp.buffer, webp.byteOffset);
  const text = new TextDecoder().decode(webp.subarray(0, 16));
  equal(/^RIFF....WEBPVP8 $/s.test(text), true, text);
  return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
}
