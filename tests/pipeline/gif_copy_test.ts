import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { SlackCopies } from "../../src/previews/gif/copies.ts";
import { Shrinker } from "../../src/previews/gif/shrink.ts";
import { decodeGif } from "../help/previews/gif.ts";

const rgb = (r: number, g: number, b: number) => r | g << 8 | b << 16;

Deno.test("Shrinker makes each pixel the mean of what it covers", () => {
  const halves = new Shrinker({ width: 4, height: 2 }, { width: 2, height: 1 });
  const small = new Uint32Array(2);
  const left = [rgb(0, 0, 0), rgb(100, 200, 0)], right = [rgb(10, 20, 30), rgb(10, 20, 30)];
  halves.shrink(Uint32Array.from([...left, ...right, ...left, ...right]), small);
  same([...small], [rgb(50, 100, 0), rgb(10, 20, 30)]);
  const thirds = new Shrinker({ width: 3, height: 1 }, { width: 2, height: 1 });
  thirds.shrink(Uint32Array.from([rgb(255, 0, 0), rgb(0, 0, 255), rgb(0, 255, 0)]), small);
  same([...small], [rgb(170, 0, 85), rgb(0, 170, 85)]);
  const flat = new Shrinker({ width: 1920, height: 1080 }, { width: 1000, height: 563 });
  const all = new Uint32Array(1000 * 563);
  flat.shrink(new Uint32Array(1920 * 1080).fill(rgb(255, 7, 254)), all);
  ok(all.every((colour) => colour === rgb(255, 7, 254)), "white stays white");
});

/** A film of `frames` pictures of `width` × 300, each of one colour or of noise. */
function copyOf(width: number, frames: number, isNoise: boolean, bytes: number) {
  const copies = new SlackCopies({ width, height: 300, delayMs: 100 });
  const pixels = new Uint32Array(width * 300);
  let seed = 7;
  for (let i = 0; i < frames; i++) {
    for (let at = 0; at < pixels.length; at++) {
      pixels[at] = isNoise ? (seed = seed * 16807 % 2147483647) & 0x3f3f3f : rgb(i * 9, 0, 0);
    }
    copies.add(pixels, i === frames - 1 ? 2000 : undefined);
  }
  return copies.finish(bytes);
}

Deno.test("SlackCopies makes one where the film is over 2 MB or wider than 1,000 pixels", () => {
  equal(copyOf(1000, 1, false, 2_000_000), null);
  equal(decodeGif(copyOf(1000, 1, false, 2_000_001)!).width, 640);
  const wide = decodeGif(copyOf(1001, 2, false, 5000)!);
  same([wide.width, wide.height, wide.loops], [1000, 300, 0]);
  same(wide.frames.map(({ delayMs }) => delayMs), [100, 2000]);
  equal(copyOf(300, 1, false, 3_000_000), null, "there is nothing smaller to be made of it");
});

Deno.test("SlackCopies takes the widest one under 2 MB", () => {
  const copy = copyOf(1200, 13, true, 9_000_000)!;
  ok(copy.length < 2_000_000, `${copy.length} bytes`);
  const { width, frames } = decodeGif(copy);
  same([width, frames.length], [640, 13]);
});
