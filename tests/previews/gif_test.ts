import { deepStrictEqual as same, ok, rejects, strictEqual as equal, throws } from "node:assert";
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { encodeGif } from "../../src/previews/gif/encode.ts";
import { decodePng } from "../../src/previews/gif/png.ts";
import { decodeGif } from "../help/previews/gif.ts";

type Colour = (x: number, y: number) => [number, number, number];

/** A PNG of that picture; row y is written with filter y % 5, `bytes` 3 (RGB) or 4 (RGBA). */
function png(width: number, height: number, colour: Colour, bytes: 3 | 4 = 3): Uint8Array {
  const stride = width * bytes;
  const plain = Array.from({ length: height }, (_, y) =>
    Uint8Array.from(
      Array.from({ length: width }, (_, x) => [...colour(x, y), 255].slice(0, bytes)).flat(),
    ));
  const raw = new Uint8Array((stride + 1) * height);
  plain.forEach((row, y) => {
    raw[y * (stride + 1)] = y % 5;
    for (let i = 0; i < stride; i++) {
      const a = row[i - bytes] ?? 0, b = plain[y - 1]?.[i] ?? 0, c = plain[y - 1]?.[i - bytes] ?? 0;
      const p = a + b - c;
      const [pa, pb, pc] = [a, b, c].map((value) => Math.abs(p - value)) as [
        number,
        number,
        number,
      ];
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      raw[y * (stride + 1) + 1 + i] = row[i]! - [0, a, b, (a + b) >> 1, paeth][y % 5]!;
    }
  });
  const head = new Uint8Array(13);
  new DataView(head.buffer).setUint32(0, width);
  new DataView(head.buffer).setUint32(4, height);
  head.set([8, bytes === 3 ? 2 : 6, 0, 0, 0], 8);
  const data = deflateSync(raw), half = data.length >> 1;
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
    ...chunk("IHDR", head),
    ...chunk("IDAT", data.subarray(0, half)),
    ...chunk("IDAT", data.subarray(half)),
    ...chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 12), view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(new TextEncoder().encode(name), 4);
  out.set(data, 8);
  view.setUint32(data.length + 8, crc32(out.subarray(4, data.length + 8)));
  return out;
}

async function encode(width: number, height: number, delayMs: number, pngs: Uint8Array[]) {
  const encoder = encodeGif({ width, height, delayMs });
  for (const one of pngs) encoder.add(one.slice());
  const { gif } = encoder.finish();
  try {
    return decodeGif(await gif);
  } finally {
    encoder.cancel();
  }
}

/** Peak signal to noise in dB; infinite when equal. */
function psnr(width: number, height: number, pixels: Uint8Array, colour: Colour): number {
  let error = 0;
  for (let i = 0; i < width * height; i++) {
    const wanted = colour(i % width, Math.floor(i / width));
    for (let c = 0; c < 3; c++) error += (pixels[i * 4 + c]! - wanted[c]!) ** 2;
  }
  return 10 * Math.log10(255 ** 2 / (error / (width * height * 3)));
}

const flat: Colour = (x, y) => [x * 20, y * 20, (x ^ y) & 1 ? 255 : 0];

Deno.test("decodePng() undoes every filter, RGB and RGBA, over more than one IDAT", () => {
  for (const bytes of [3, 4] as const) {
    const noise: Colour = (
      x,
      y,
    ) => [(x * 91 + y * 37) & 255, (x * y * 13) & 255, (x * 7 ^ y * 31) & 255];
    const pixels = new Uint32Array(13 * 11);
    decodePng(png(13, 11, noise, bytes), (data) => inflateSync(data), pixels);
    same(
      pixels,
      Uint32Array.from(pixels, (_, i) => {
        const [r, g, b] = noise(i % 13, Math.floor(i / 13));
        return r | g << 8 | b << 16;
      }),
    );
  }
  throws(() => decodePng(new Uint8Array(50), (data) => data, new Uint32Array(1)), /not a PNG/);
});

Deno.test("encodeGif() is exact where a picture has at most 255 colours, and loops for ever", async () => {
  const moved: Colour = (
    x,
    y,
  ) => (x === 11 && y === 9 ? [1, 2, 3] : x === 2 && y === 5 ? [0, 0, 0] : flat(x, y));
  const gif = await encode(12, 10, 500, [png(12, 10, flat), png(12, 10, moved), png(12, 10, flat)]);
  same([gif.width, gif.height, gif.loops, gif.frames.length], [12, 10, 0, 3]);
  equal(psnr(12, 10, gif.frames[0]!.pixels, flat), Infinity);
  equal(psnr(12, 10, gif.frames[2]!.pixels, flat), Infinity);
  for (const [x, y] of [[2, 5], [10, 9], [0, 0]] as const) {
    same([...gif.frames[1]!.pixels.subarray((y * 12 + x) * 4, (y * 12 + x) * 4 + 3)], moved(x, y));
  }
});

Deno.test("encodeGif() gives an unchanged picture its frame, whatever its bytes", async () => {
  const gif = await encode(12, 10, 100, [
    png(12, 10, flat),
    png(12, 10, flat),
    png(12, 10, flat, 4),
  ]);
  same(gif.frames.map(({ delayMs }) => delayMs), [100, 100, 100]);
  for (const { pixels } of gif.frames) {
    equal(psnr(12, 10, pixels, flat), Infinity);
  }
});

Deno.test("encodeGif() keeps delays in hundredths that do not drift, at least two", async () => {
  const pngs = Array.from({ length: 6 }, () => png(2, 2, flat));
  const delays = async (ms: number) =>
    (await encode(2, 2, ms, pngs)).frames.map(({ delayMs }) => delayMs);
  same(await delays(333), [330, 340, 330, 330, 340, 330]);
  same(await delays(25), [30, 20, 30, 20, 30, 20]);
  same(await delays(5), [20, 20, 20, 20, 20, 20]);
});

Deno.test("encodeGif() shows 60,000 colours at 34 dB, and flat areas exactly", async () => {
  const rich: Colour = (x, y) => (y < 40 ? [250, 250, 245] : [x, (x + y) & 255, 255 - y]);
  const gif = await encode(256, 256, 100, [png(256, 256, rich)]);
  ok(psnr(256, 256, gif.frames[0]!.pixels, rich) > 34);
  same([...gif.frames[0]!.pixels.subarray(0, 3)], [250, 250, 245]);
});

Deno.test("encodeGif() takes more colours than its table holds", async () => {
  const all: Colour = (x, y) => [x & 255, y & 255, (x >> 8) * 64 + (y >> 8) * 128];
  const gif = await encode(512, 512, 100, [png(512, 512, all)]);
  ok(psnr(512, 512, gif.frames[0]!.pixels, all) > 28);
});

Deno.test("encodeGif() gives what appears late colours of its own", async () => {
  const grey: Colour = (x, y) => [x + y >> 1, x + y >> 1, x + y >> 1];
  const late: Colour = (x, y) => (x < 128 ? grey(x, y) : [x, 255 - y, y]);
  const gif = await encode(256, 256, 100, [
    png(256, 256, grey),
    png(256, 256, late),
    png(256, 256, grey),
  ]);
  ok(psnr(256, 256, gif.frames[1]!.pixels, late) > 36);
  equal(psnr(256, 256, gif.frames[2]!.pixels, grey) > 50, true);
});

Deno.test("encodeGif() refuses what is no frame of it, and ends when cancelled", async () => {
  const encoder = encodeGif({ width: 12, height: 10, delayMs: 100 });
  throws(() => encoder.add(png(10, 12, flat)), /a frame of 10×12 in a GIF of 12×10/);
  const broken = png(12, 10, flat);
  broken.fill(7, 45, 60);
  encoder.add(broken);
  await rejects(encoder.finish().gif, /The GIF could not be encoded/);
  encoder.cancel();
  const cancelled = encodeGif({ width: 12, height: 10, delayMs: 100 });
  cancelled.add(png(12, 10, flat));
  cancelled.cancel();
  await rejects(cancelled.finish().gif, /was not finished/);
});
