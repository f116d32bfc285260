import type { Page } from "../external/browser/browser.ts";
import { orAborted, pause } from "../external/abort.ts";
import { encodeGif } from "./gif/encode.ts";

/** `captured_at` is the time of frame 1. */
export type Pictures = {
  gif: Uint8Array;
  slack_gif: Uint8Array | null;
  png: Uint8Array;
  captured_at: Date;
};

/** `width` × `height`: the GIF's, in pixels; `layout`: the page's, in CSS pixels. */
export type Recording = {
  width: number;
  height: number;
  frames: number;
  delayMs: number;
  layout: { width: number; height: number; boardHeight: number };
};

/** How long the last frame is held once the board was scrolled to its end. */
const HOLD_MS = 2000;

/**
 * A GIF of exactly `frames` frames and a still of the whole board. A board that fits is recorded as it
 * stands, a taller one from its top evenly down to its end. Frame i at captured_at + i × delayMs; one
 * that comes late does not move the next ones.
 */
export async function record(page: Page, shot: Recording, signal: AbortSignal): Promise<Pictures> {
  const { width, height, frames, delayMs, layout } = shot;
  const way = Math.max(0, layout.boardHeight - layout.height);
  const captured_at = new Date();
  const start = performance.now();
  const first = page.screenshot({ top: 0, width: layout.width, height: layout.height });
  first.catch(() => {}); // told below
  // Its worker takes some 30 ms to start: the first picture's time.
  const encoder = encodeGif({ width, height, delayMs });
  try {
    for (let i = 0; i < frames; i++) {
      await pause(start + i * delayMs - performance.now(), signal);
      signal.throwIfAborted();
      const top = Math.round(way * i / Math.max(1, frames - 1));
      const isEnd = way > 0 && i === frames - 1;
      const clip = { top, width: layout.width, height: layout.height };
      const png = await orAborted(i === 0 ? first : page.screenshot(clip), signal);
      encoder.add(png, isEnd ? { holdMs: Math.max(HOLD_MS, delayMs) } : {});
    }
    const { gif, copy } = encoder.finish();
    const whole = { top: 0, width: layout.width, height: layout.height + way };
    const png = await orAborted(page.screenshot(whole, { small: true }), signal);
    const [takePreview, small] = await orAborted(Promise.all([gif, copy]), signal);
    return { gif: takePreview, slack_gif: small, png, captured_at };
  } finally {
    encoder.cancel();
  }
}
