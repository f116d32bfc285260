/** `node:zlib`, which only the worker may import. */
export type Inflate = (data: Uint8Array, size: number) => Uint8Array;

export function pngSize(png: Uint8Array): { width: number; height: number } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  if (png.length < 33 || view.getUint32(0) !== 0x89504e47) throw new Error("not a PNG");
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

/** Decodes a browser screenshot (8-bit RGB or opaque RGBA, not interlaced) into 0xbbggrr pixels. */
export function decodePng(png: Uint8Array, inflate: Inflate, pixels: Uint32Array) {
  const { width, height } = pngSize(png);
  const [depth, colourType, , , interlace] = png.subarray(24);
  const bytes = colourType === 2 ? 3 : 4;
  if (depth !== 8 || (colourType !== 2 && colourType !== 6) || interlace !== 0) {
    throw new Error("a PNG of another kind than a screenshot");
  }
  const stride = width * bytes;
  const raw = inflate(imageData(png), (stride + 1) * height);
  let above: Uint8Array = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const start = y * (stride + 1);
    const row = raw.subarray(start + 1, start + 1 + stride);
    unfilter(raw[start]!, row, above, bytes);
    for (let x = 0, i = y * width; x < stride; x += bytes) {
      pixels[i++] = row[x]! | row[x + 1]! << 8 | row[x + 2]! << 16;
    }
    above = row;
  }
}

function imageData(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 8; at + 12 <= png.length;) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x49444154) parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) all.set(part, at), at += part.length;
  return all;
}

/** Reverses a row's filter in place; `n`: bytes per pixel (PNG specification, 9.2). */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, n: number) {
  const size = row.length;
  if (filter === 1) { for (let i = n; i < size; i++) row[i]! += row[i - n]!; }
  else if (filter === 2) { for (let i = 0; i < size; i++) row[i]! += above[i]!; }
  else if (filter === 3) {
    for (let i = 0; i < n; i++) row[i]! += above[i]! >> 1;
    for (let i = n; i < size; i++) row[i]! += (row[i - n]! + above[i]!) >> 1;
  } else if (filter === 4) {
    for (let i = 0; i < n; i++) row[i]! += above[i]!;
    for (let i = n; i < size; i++) row[i]! += paeth(row[i - n]!, above[i]!, above[i - n]!);
  } else if (filter !== 0) throw new Error(`unknown PNG filter ${filter}`);
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
}
