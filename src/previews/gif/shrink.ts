type Size = { width: number; height: number };
type Cover = { first: number; shares: number[] };

/** Scales images (0xbbggrr) down by area averaging. */
export class Shrinker {
  readonly #columns: Cover[];
  readonly #rows: Cover[];
  readonly #line: Float32Array;

  constructor(readonly from: Size, readonly to: Size) {
    this.#columns = covers(from.width, to.width);
    this.#rows = covers(from.height, to.height);
    this.#line = new Float32Array(from.width * 3);
  }

  shrink(pixels: Uint32Array, small: Uint32Array) {
    let at = 0;
    for (const { first, shares } of this.#rows) {
      this.#sumRows(pixels, first, shares);
      at = this.#writeLine(small, at);
    }
  }

  #sumRows(pixels: Uint32Array, first: number, shares: number[]) {
    const line = this.#line, { width } = this.from;
    line.fill(0);
    for (let k = 0; k < shares.length; k++) {
      const share = shares[k]!;
      for (let i = (first + k) * width, to = 0; to < line.length; i++, to += 3) {
        const colour = pixels[i]!;
        line[to]! += share * (colour & 255);
        line[to + 1]! += share * ((colour >> 8) & 255);
        line[to + 2]! += share * (colour >> 16);
      }
    }
  }

  #writeLine(small: Uint32Array, at: number): number {
    const line = this.#line;
    for (const { first, shares } of this.#columns) {
      let r = 0.5, g = 0.5, b = 0.5;
      for (let k = 0, i = first * 3; k < shares.length; k++, i += 3) {
        const share = shares[k]!;
        r += share * line[i]!;
        g += share * line[i + 1]!;
        b += share * line[i + 2]!;
      }
      small[at++] = r | g << 8 | b << 16;
    }
    return at;
  }
}

function covers(from: number, to: number): Cover[] {
  const size = from / to;
  return Array.from({ length: to }, (_, i) => {
    const start = i * size, end = Math.min(from, start + size);
    const first = Math.floor(start);
    const shares: number[] = [];
    for (let k = first; k < end; k++) {
      const share = (Math.min(k + 1, end) - Math.max(k, start)) / size;
      if (share > 1e-6) shares.push(share);
    }
    return { first, shares };
  });
}
