import { Shrinker } from "./shrink.ts";
import { GifStrip } from "./strip.ts";

/** A Slack channel shows a larger image as a link. */
const MOST_WIDTH = 1000;
const MOST_BYTES = 2_000_000;
/** The first copy that is small enough is taken. */
const WIDTHS = [1000, 640, 360];

type Size = { width: number; height: number; delayMs: number };
type Copy = { shrinker: Shrinker; strip: GifStrip };

/** Smaller copies of a GIF, made of the same frames beside it. */
export class SlackCopies {
  readonly #size: Size;
  #copies: Copy[];

  constructor(size: Size) {
    this.#size = size;
    let larger = size;
    this.#copies = WIDTHS.filter((width) => width < size.width).map((width) => {
      const height = Math.max(1, Math.round(size.height * width / size.width));
      const smaller = { width, height, delayMs: size.delayMs };
      const copy = { shrinker: new Shrinker(larger, smaller), strip: new GifStrip(smaller) };
      larger = smaller;
      return copy;
    });
  }

  add(pixels: Uint32Array, holdMs: number | undefined) {
    let larger = pixels;
    for (const { shrinker, strip } of this.#copies) {
      // Each from the one before takes a third of the time.
      const from = larger;
      strip.add((small) => shrinker.shrink(from, larger = small), holdMs);
    }
  }

  repeat(holdMs: number | undefined) {
    for (const { strip } of this.#copies) strip.repeat(holdMs);
  }

  /** The largest copy that is small enough; null where the GIF itself (of `bytes`) is. */
  finish(bytes: number): Uint8Array | null {
    if (this.#size.width <= MOST_WIDTH && bytes <= MOST_BYTES) return null;
    const last = this.#copies.at(-1);
    const fitting = this.#copies.find(({ strip }) => strip.bytes < MOST_BYTES) ?? last;
    return fitting?.strip.finish() ?? null;
  }
}
