import gifenc from "gifenc";
import { ColourTable } from "./colours.ts";
import { distance, type Histogram, makePalette, nearestIn } from "./palette.ts";

/** One of 256 palette entries means "unchanged". */
const MOST_COLOURS = 255;
/** A frame gets its own palette when its squared error exceeds both limits and the palette halves it. */
const BAD_FIT = { multiple: 3, least: 12 };

type Palette = {
  colours: Uint32Array;
  nearest: (colour: number) => number;
  table: ColourTable;
  rgb: [number, number, number][];
};
type Box = { left: number; top: number; width: number; height: number };

/** Builds a looping GIF frame by frame; sizes in pixels. */
export class GifStrip {
  readonly #gif = gifenc.GIFEncoder({ initialCapacity: 1 << 20 });
  readonly #index: Uint8Array;
  readonly #counted = new ColourTable();
  #now: Uint32Array;
  #before: Uint32Array;
  #palette?: Palette;
  #frames = 0;
  #badFit = 0;
  /** True once frames have different palettes. */
  #isMixed = false;

  constructor(readonly size: { width: number; height: number; delayMs: number }) {
    const pixels = size.width * size.height;
    this.#now = new Uint32Array(pixels);
    this.#before = new Uint32Array(pixels);
    this.#index = new Uint8Array(pixels);
  }

  /** The last frame (0xbbggrr), valid until the next one. */
  get pixels(): Uint32Array {
    return this.#now;
  }

  get bytes(): number {
    return this.#gif.bytesView().length;
  }

  add(draw: (pixels: Uint32Array) => void, holdMs?: number) {
    [this.#now, this.#before] = [this.#before, this.#now];
    draw(this.#now);
    if (!this.#palette) return this.#first(holdMs);
    const box = changedBox(this.#now, this.#before, this.size.width);
    if (!box) return this.repeat(holdMs);
    let palette = this.#palette;
    const error = this.#paint(palette, box);
    if (error > this.#badFit) {
      this.#counted.count(this.#now, this.#before);
      palette = toPalette(this.#counted.entries(), this.#counted);
      if (this.#paint(palette, box) > error / 2) this.#paint(palette = this.#palette, box);
      else this.#isMixed = true;
    }
    this.#write(palette, box, holdMs);
  }

  /** Repeats the last frame as one transparent pixel. */
  repeat(holdMs?: number) {
    this.#index[0] = this.#palette!.colours.length;
    this.#write(this.#palette!, { left: 0, top: 0, width: 1, height: 1 }, holdMs);
  }

  finish(): Uint8Array {
    if (this.#frames === 0) throw new Error("a GIF without a frame");
    this.#gif.finish();
    return this.#gif.bytes();
  }

  #first(holdMs: number | undefined) {
    this.#counted.count(this.#now);
    const histogram = this.#counted.entries();
    const palette = this.#palette = toPalette(histogram, this.#counted);
    this.#badFit = Math.max(BAD_FIT.least, BAD_FIT.multiple * inexactness(histogram, palette));
    const { table, nearest } = palette;
    let last = -1, index = 0;
    for (let i = 0; i < this.#now.length; i++) {
      const colour = this.#now[i]!;
      if (colour !== last) index = table.get(last = colour, nearest);
      this.#index[i] = index;
    }
    this.#write(palette, { left: 0, top: 0, ...this.size }, holdMs);
  }

  /** Returns the box's mean error. Runs of one colour include unchanged pixels: 4 % smaller. */
  #paint({ table, nearest, colours }: Palette, { left, top, width, height }: Box): number {
    const now = this.#now, before = this.#before, index = this.#index;
    const transparent = colours.length;
    const mayGoOn = !this.#isMixed && colours === this.#palette!.colours;
    let last = -1, found = 0, off = 0, at = 0, error = 0, changed = 0, written = transparent;
    for (let y = top; y < top + height; y++) {
      const start = y * this.size.width + left;
      for (let i = start; i < start + width; i++) {
        const colour = now[i]!;
        if (colour === before[i]) {
          const goesOn = written !== transparent && mayGoOn &&
            table.get(colour, nearest) === written;
          index[at++] = written = goesOn ? written : transparent;
          continue;
        }
        if (colour !== last) {
          found = table.get(last = colour, nearest);
          off = distance(colour, colours[found]!);
        }
        error += off;
        changed++;
        index[at++] = written = found;
      }
    }
    return error / changed;
  }

  #write(palette: Palette, { left, top, width, height }: Box, holdMs: number | undefined) {
    const isFirst = this.#frames === 0;
    const start = this.#gif.bytesView().length;
    this.#gif.writeFrame(this.#index.subarray(0, width * height), width, height, {
      palette: isFirst || palette !== this.#palette ? palette.rgb : null,
      transparent: !isFirst,
      transparentIndex: palette.colours.length,
      dispose: 1,
      delay: holdMs ?? this.#delay(),
      colorDepth: Math.max(2, Math.ceil(Math.log2(palette.rgb.length))),
    });
    this.#frames++;
    if (isFirst) return;
    // gifenc has no frame offset: patch it after the graphic control extension (8 bytes) and the
    // separator.
    const offset = new DataView(this.#gif.buffer, start + 9);
    offset.setUint16(0, left, true);
    offset.setUint16(2, top, true);
  }

  /** Rounds ms to hundredths of a second without drift; players treat 0 and 1 as 10. */
  #delay(): number {
    const until = (frames: number) => Math.round(frames * this.size.delayMs / 10);
    return 10 * Math.max(2, until(this.#frames + 1) - until(this.#frames));
  }
}

function toPalette(histogram: Histogram, counted: ColourTable): Palette {
  const colours = makePalette(histogram, MOST_COLOURS);
  const rgb = Array.from(
    colours,
    (c): [number, number, number] => [c & 255, (c >> 8) & 255, c >> 16],
  );
  rgb.push([0, 0, 0]);
  return { colours, rgb, nearest: nearestIn(colours), table: new ColourTable(counted) };
}

/** The mean squared error of pixels outside the palette. */
function inexactness({ colours, counts }: Histogram, { table, nearest, colours: exact }: Palette) {
  let error = 0, pixels = 0;
  for (let i = 0; i < colours.length; i++) {
    const off = distance(colours[i]!, exact[table.get(colours[i]!, nearest)]!);
    error += counts[i]! * off;
    if (off > 0) pixels += counts[i]!;
  }
  return error / Math.max(1, pixels);
}

function changedBox(now: Uint32Array, before: Uint32Array, width: number): Box | undefined {
  let first = 0, last = now.length - 1;
  while (first <= last && now[first] === before[first]) first++;
  if (first > last) return;
  while (now[last] === before[last]) last--;
  const top = Math.floor(first / width), bottom = Math.floor(last / width);
  let left = width, right = -1;
  for (let y = top; y <= bottom; y++) {
    const row = y * width;
    for (let x = 0; x < left; x++) if (now[row + x] !== before[row + x]) left = x;
    for (let x = width - 1; x > right; x--) if (now[row + x] !== before[row + x]) right = x;
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}
