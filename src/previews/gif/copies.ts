import { Shrinker } from "./shrink.ts";
import { GifStrip } from "./strip.ts";

/** What a Slack channel shows at once: wider or larger is a link to click on. */
const MOST_WIDTH = 1000;
const MOST_BYTES = 2_000_000;
/** Widths of the copies, the first one that is small enough is taken. A third has a tenth of the pixels. */
const WIDTHS = [1000, 640, 360];

type Size = { width: number; height: number; delayMs: number };
type Copy = { shrinker: Shrinker; strip: GifStrip };

/** Smaller copies of a takePreview, made of the same frames beside it. */
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

  /** The recording's next frame, as its own GIF shows it. */
  add(pixels: Uint32Array, holdMs: number | undefined) {
    let larger = pixels;
    for (const { shrinker, strip } of this.#copies) {
      // Each is made of the one before: a third of the time that all would take from the whole picture.
      const from = larger;
      strip.add((small) => shrinker.shrink(from, larger = small), holdMs);
    }
  }

  /** The same picture once more. */
  repeat(holdMs: number | undefined) {
    for (const { strip } of this.#copies) strip.repeat(holdMs);
  }

  /** The largest copy that is small enough; null where the recording itself (of so many `bytes`) is. */
  finish(bytes: number): Uint8Array | null {
    if (this.#size.width <= MOST_WIDTH && bytes <= MOST_BYTES) return null;
    const last = this.#copies.at(-1);
    const fitting = this.#copies.find(({ strip }) => strip.bytes < MOST_BYTES) ?? last;
    return fitting?.strip.finish() ?? null;
  }
}
