/** A GIF frame as a viewer sees it: the whole picture, RGBA. */
export type Frame = { delayMs: number; pixels: Uint8Array };
export type Gif = { width: number; height: number; loops: number | undefined; frames: Frame[] };

/**
 * Decodes a GIF to composed frames; written from the GIF89a specification, independent of the encoder.
 * `loops`: 0 is for ever. Throws where the file breaks the specification.
 */
export function decodeGif(bytes: Uint8Array): Gif {
  let at = 0;
  const byte = () => {
    if (at >= bytes.length) throw new Error("the GIF ends early");
    return bytes[at++]!;
  };
  const word = () => byte() | byte() << 8;
  const text = (size: number) => String.fromCharCode(...Array.from({ length: size }, byte));
  const table = (flags: number) =>
    flags & 0x80 ? Array.from({ length: 3 * 2 ** ((flags & 7) + 1) }, byte) : undefined;
  const blocks = () => {
    const all: number[] = [];
    for (let size = byte(); size > 0; size = byte()) {
      for (let i = 0; i < size; i++) all.push(byte());
    }
    return all;
  };

  if (text(6) !== "GIF89a") throw new Error("not a GIF89a");
  const width = word(), height = word(), flags = byte();
  at += 2;
  const globalTable = table(flags);
  const frames: Frame[] = [];
  const canvas = new Uint8Array(width * height * 4);
  let loops: number | undefined;
  let control = { disposal: 0, delayMs: 0, transparent: -1 };

  for (let kind = byte(); kind !== 0x3b; kind = byte()) {
    if (kind === 0x21) {
      const label = byte();
      const data = blocks();
      if (label === 0xf9) {
        control = {
          disposal: (data[0]! >> 2) & 7,
          delayMs: (data[1]! | data[2]! << 8) * 10,
          transparent: data[0]! & 1 ? data[3]! : -1,
        };
      } else if (label === 0xff && String.fromCharCode(...data.slice(0, 11)) === "NETSCAPE2.0") {
        loops = data[12]! | data[13]! << 8;
      }
    } else if (kind === 0x2c) {
      const left = word(), top = word(), w = word(), h = word(), local = byte();
      const colours = table(local) ?? globalTable;
      if (!colours) throw new Error("a frame without colours");
      if (local & 0x40) throw new Error("interlaced");
      if (left + w > width || top + h > height) throw new Error("a frame outside the picture");
      const indexes = unpack(byte(), blocks(), w * h);
      const before = canvas.slice();
      for (let i = 0; i < indexes.length; i++) {
        if (indexes[i] === control.transparent) continue;
        const to = ((top + Math.floor(i / w)) * width + left + i % w) * 4;
        const from = indexes[i]! * 3;
        if (from + 2 >= colours.length) throw new Error("a pixel outside the palette");
        canvas.set([colours[from]!, colours[from + 1]!, colours[from + 2]!, 255], to);
      }
      frames.push({ delayMs: control.delayMs, pixels: canvas.slice() });
      if (control.disposal === 3) canvas.set(before);
      if (control.disposal === 2) {
        for (let y = top; y < top + h; y++) {
          canvas.fill(0, (y * width + left) * 4, (y * width + left + w) * 4);
        }
      }
      control = { disposal: 0, delayMs: 0, transparent: -1 };
    } else throw new Error(`an unknown block 0x${kind.toString(16)}`);
  }
  return { width, height, loops, frames };
}

/** GIF's LZW: codes of growing width, least significant bit first, to exactly `size` indexes. */
function unpack(minimum: number, data: number[], size: number): Uint8Array {
  const clear = 1 << minimum, end = clear + 1;
  const out = new Uint8Array(size);
  const prefix = new Int32Array(4096), last = new Uint8Array(4096), length = new Int32Array(4096);
  for (let i = 0; i < clear; i++) prefix[i] = -1, last[i] = i, length[i] = 1;
  let next = end + 1, width = minimum + 1, previous = -1, bits = 0, held = 0, at = 0, filled = 0;

  const first = (code: number) => {
    while (prefix[code]! >= 0) code = prefix[code]!;
    return last[code]!;
  };
  const write = (code: number) => {
    if (filled + length[code]! > size) throw new Error("too many pixels");
    filled += length[code]!;
    for (let i = filled - 1; code >= 0; code = prefix[code]!) out[i--] = last[code]!;
  };
  for (;;) {
    while (bits < width) {
      if (at >= data.length) throw new Error("the pixels end early");
      held |= data[at++]! << bits;
      bits += 8;
    }
    const code = held & (1 << width) - 1;
    held >>>= width;
    bits -= width;
    if (code === clear) {
      next = end + 1;
      width = minimum + 1;
      previous = -1;
      continue;
    }
    if (code === end) break;
    if (code > next || (code === next && previous < 0)) throw new Error("an unknown code");
    if (previous >= 0 && next < 4096) {
      prefix[next] = previous;
      last[next] = first(code === next ? previous : code);
      length[next] = length[previous]! + 1;
      next++;
      if (next === 1 << width && width < 12) width++;
    }
    write(code);
    previous = code;
  }
  if (filled !== size) throw new Error(`${filled} pixels instead of ${size}`);
  return out;
}
