const SLOTS = 1 << 18;
/** At half load a lookup takes 1.5 probes. */
const MOST = SLOTS / 2;
/** More colours do not improve the palette and cost 2 µs each. */
const MOST_COUNTED = 1 << 16;
const TAKEN = 1 << 24;
/** The coarsest mask leaves 32,768 colours, which always fit. */
const MASKS = [0xffffff, 0xfefefe, 0xfcfcfc, 0xf8f8f8];

/** Maps a colour (0xbbggrr) to its count or palette index. */
export class ColourTable {
  readonly #keys = new Uint32Array(SLOTS);
  readonly #values = new Uint32Array(SLOTS);
  #mask: number;
  #size = 0;

  /** Uses the colour resolution of `like`. */
  constructor(like?: ColourTable) {
    this.#mask = like ? like.#mask : MASKS[0]!;
  }

  clear() {
    this.#keys.fill(0);
    this.#size = 0;
  }

  /** Counts pixels that differ from `previous`, at the finest resolution that fits. */
  count(pixels: Uint32Array, previous?: Uint32Array) {
    for (const mask of MASKS) {
      this.#mask = mask;
      this.clear();
      if (this.#fill(pixels, previous)) return;
    }
  }

  entries(): { colours: Uint32Array; counts: Uint32Array } {
    const colours = new Uint32Array(this.#size);
    const counts = new Uint32Array(this.#size);
    for (let slot = 0, i = 0; slot < SLOTS; slot++) {
      if (this.#keys[slot] === 0) continue;
      colours[i] = this.#keys[slot]! & 0xffffff;
      counts[i++] = this.#values[slot]!;
    }
    return { colours, counts };
  }

  /** `find` computes the value of a new colour. */
  get(colour: number, find: (colour: number) => number): number {
    const slot = this.#slot(colour);
    if (this.#keys[slot] !== 0) return this.#values[slot]!;
    if (this.#size >= MOST) this.clear();
    const value = find(colour);
    this.#add(this.#slot(colour), colour, value);
    return value;
  }

  #fill(pixels: Uint32Array, previous: Uint32Array | undefined): boolean {
    let last = -1, slot = 0;
    for (let i = 0; i < pixels.length; i++) {
      const colour = pixels[i]!;
      if (previous !== undefined && previous[i] === colour) continue;
      if (colour !== last) {
        last = colour;
        slot = this.#slot(colour);
        if (this.#keys[slot] === 0) {
          if (this.#size >= MOST_COUNTED) return false;
          this.#add(slot, colour, 0);
        }
      }
      this.#values[slot]!++;
    }
    return true;
  }

  #slot(colour: number): number {
    const key = (colour & this.#mask) | TAKEN;
    let slot = Math.imul(key, 0x9e3779b1) >>> 14;
    while (this.#keys[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & (SLOTS - 1);
    return slot;
  }

  #add(slot: number, colour: number, value: number) {
    this.#keys[slot] = (colour & this.#mask) | TAKEN;
    this.#values[slot] = value;
    this.#size++;
  }
}
