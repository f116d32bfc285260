/**
 * One way of encoding in a process of its own, so that its memory can be told:
 * `gif_encode.ts ours|naive <folder of 0.png … 9.png> <out.gif>` prints JSON, times in ms, memory in MB.
 */
import gifenc from "gifenc";
import { inflateSync } from "node:zlib";
import { encodeGif } from "../../src/previews/gif/encode.ts";
import { decodePng } from "../../src/previews/gif/png.ts";

const [width, height, delayMs] = [1920, 1080, 500];
const [way, folder, out] = Deno.args;

function naive() {
  const gif = gifenc.GIFEncoder();
  const pixels = new Uint32Array(width * height);
  return {
    add(png: Uint8Array) {
      decodePng(png, (data) => inflateSync(data), pixels);
      for (let i = 0; i < pixels.length; i++) pixels[i]! |= 0xff000000;
      const rgba = new Uint8Array(pixels.buffer);
      const palette = gifenc.quantize(rgba, 256);
      gif.writeFrame(gifenc.applyPalette(rgba, palette), width, height, {
        palette,
        delay: delayMs,
      });
    },
    finish() {
      gif.finish();
      return { gif: Promise.resolve(gif.bytes()), copy: Promise.resolve(null) };
    },
    cancel() {},
  };
}

const encoder = way === "ours" ? encodeGif({ width, height, delayMs }) : naive();
const start = performance.now();
let last = 0;
for (let i = 0; i < 10; i++) {
  await new Promise((done) =>
    setTimeout(done, Math.max(0, start + i * delayMs - performance.now()))
  );
  const png = await Deno.readFile(`${folder}/${i}.png`);
  last = performance.now();
  encoder.add(png);
}
const { gif, copy } = encoder.finish();
const film = await gif;
const ready = performance.now() - last;
const small = await copy;
const forSlack = small && { ready: performance.now() - last, bytes: small.length };
encoder.cancel();
await Deno.writeFile(out!, film);
const status = await Deno.readTextFile("/proc/self/status");
const memory = Number(status.match(/VmHWM:\s+(\d+)/)![1]) / 1024;
console.log(JSON.stringify({ ready, memory, ...(forSlack ? { copy: forSlack } : {}) }));
