import { Shrinker } from "./shrink.ts";
import { GifStrip } from "./strip.ts";

/** Slack shows larger images as a link. */
const MOST_WIDTH = 1000;
const MOST_BYTES = 2_000_000;
const WIDTHS = [1000, 640, 360];

type Size = { width: number; height: number; delayMs: number };
type Copy = { shrinker: Shrinker; strip: GifStrip };

/** Encodes smaller copies of a GIF from the same frames. */
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
      // Shrinking the previous copy takes a third of the time.
      const from = larger;
      strip.add((small) => shrinker.shrink(from, larger = small), holdMs);
    }
  }

  repeat(holdMs: number | undefined) {
    for (const { strip } of this.#copies) strip.repeat(holdMs);
  }

  /** The largest copy within Slack's limits; null when the GIF itself (of `bytes`) is. */
  finish(bytes: number): Uint8Array | null {
    if (this.#size.width <= MOST_WIDTH && bytes <= MOST_BYTES) return null;
    const last = this.#copies.at(-1);
    const fitting = this.#copies.find(({ strip }) => strip.bytes < MOST_BYTES) ?? last;
    return fitting?.strip.finish() ?? null;
  }
}
