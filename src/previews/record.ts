import type { Page } from "../external/browser/browser.ts";
import { orAborted, pause } from "../external/abort.ts";
import { encodeGif } from "./gif/encode.ts";

export type Pictures = {
  gif: Uint8Array;
  slack_gif: Uint8Array | null;
  png: Uint8Array;
  thumbnail: Uint8Array;
  captured_at: Date;
};

/** The GIF in px, the page's `layout` in CSS px. */
export type Recording = {
  width: number;
  height: number;
  frames: number;
  delayMs: number;
  layout: { width: number; height: number; boardHeight: number };
};

export const THUMBNAIL_PIXELS = 400;
/** For the last frame of a scrolled board. */
const HOLD_MS = 2000;

/** Scrolls through a tall board. Frame i is due at captured_at + i × delayMs. */
export async function record(page: Page, shot: Recording, signal: AbortSignal): Promise<Pictures> {
  const { width, height, frames, delayMs, layout } = shot;
  const scrolled = Math.max(0, layout.boardHeight - layout.height);
  const captured_at = new Date();
  const start = performance.now();
  const first = page.screenshot({ top: 0, width: layout.width, height: layout.height });
  first.catch(() => {}); // Its worker takes 30 ms to start, as the first frame does.
  const encoder = encodeGif({ width, height, delayMs });
  try {
    for (let i = 0; i < frames; i++) {
      await pause(start + i * delayMs - performance.now(), signal);
      signal.throwIfAborted();
      const top = Math.round(scrolled * i / Math.max(1, frames - 1));
      const isEnd = scrolled > 0 && i === frames - 1;
      const clip = { top, width: layout.width, height: layout.height };
      const png = await orAborted(i === 0 ? first : page.screenshot(clip), signal);
      encoder.add(png, isEnd ? { holdMs: Math.max(HOLD_MS, delayMs) } : {});
    }
    const { gif, copy } = encoder.finish();
    const whole = { top: 0, width: layout.width, height: layout.height + scrolled };
    const png = await orAborted(page.screenshot(whole, { small: true }), signal);
    const top = { top: 0, width: layout.width, height: layout.height };
    const thumbnail = await orAborted(page.thumbnail(top, THUMBNAIL_PIXELS), signal);
    const [full, small] = await orAborted(Promise.all([gif, copy]), signal);
    return { gif: full, slack_gif: small, png, thumbnail, captured_at };
  } finally {
    encoder.cancel();
  }
}
