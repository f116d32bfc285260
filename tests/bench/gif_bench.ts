import { inflateSync } from "node:zlib";
import { decodePng } from "../../src/previews/gif/png.ts";
import { connectBrowser } from "../../src/external/browser/browser.ts";
import { openParsed } from "../help/boards/open_page.ts";
import { decodeGif } from "../help/previews/gif.ts";
import { browserMemory, filmTogether } from "./gif_film.ts";
import { GIF_PAGE } from "./gif_page.ts";
import { taskLog } from "../../src/external/log/open.ts";

const SIZE = { width: 1920, height: 1080 };
const FRAMES = 10;
type Row = {
  readyMs: number;
  memoryMb: number;
  bytes: number;
  psnrDb: number;
  copy?: { ready: number; bytes: number };
};

/**
 * Films a still and a lively page (10 frames, 1920×1080, 500 ms apart) and encodes both with our
 * recipe, plain gifenc and, where it is installed, ffmpeg; prints one table.
 */
export async function benchGif() {
  const folder = await Deno.makeTempDir({ prefix: "gif-bench-" });
  try {
    await shoot(folder);
    const rows: Record<string, Record<string, string | number>> = {};
    for (const sequence of ["still", "lively"] as const) {
      for (const [way, encode] of Object.entries(WAYS)) {
        const row = await encode(`${folder}/${sequence}`);
        if (row) rows[`${way}, ${sequence}`] = shown(row);
      }
    }
    console.table(rows);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const browser = connectBrowser({ install: true, log: taskLog() });
  for (const most of [1, 4]) {
    const { latest, longest } = await filmTogether(browser, most);
    const memory = Math.round(await browserMemory());
    const seconds = (longest / 1000).toFixed(1);
    console.log(
      `${most} at a time: the latest frame ${latest} ms late, ${seconds} s a film, ${memory} MB after`,
    );
  }
  await browser.close();
}

const WAYS: Record<string, (folder: string) => Promise<Row | undefined>> = {
  ours: (folder) => inProcess("ours", folder),
  "gifenc, naive": (folder) => inProcess("naive", folder),
  ffmpeg,
};

const shown = ({ readyMs, memoryMb, bytes, psnrDb, copy }: Row) => ({
  "ready after last frame, ms": Math.round(readyMs),
  "memory, MB": Math.round(memoryMb),
  bytes,
  "PSNR, dB": psnrDb.toFixed(2),
  "Slack's copy": copy ? `${copy.bytes} after ${Math.round(copy.ready)} ms` : "",
});

async function shoot(folder: string) {
  const type = { headers: { "content-type": "text/html" } };
  const server = Deno.serve({ port: 0, onListen() {} }, () => new Response(GIF_PAGE, type));
  const browser = connectBrowser({ install: true, log: taskLog() });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  const options = { ...SIZE, headers: {}, origin, timeoutMs: 60_000 };
  for (const sequence of ["still", "lively"]) {
    await Deno.mkdir(`${folder}/${sequence}`);
    await browser.withPage(options, new AbortController().signal, async (page) => {
      await openParsed(page, `${origin}/`);
      for (let i = 0; i < FRAMES; i++) {
        await page.evaluate(`step(${i}, ${sequence === "lively"})`);
        await page.evaluate(
          "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
        );
        await Deno.writeFile(
          `${folder}/${sequence}/${i}.png`,
          await page.screenshot({ top: 0, ...SIZE }),
        );
      }
    });
  }
  await browser.close();
  await server.shutdown();
}

async function inProcess(way: "ours" | "naive", folder: string): Promise<Row> {
  const out = `${folder}/${way}.gif`;
  const script = new URL("gif_encode.ts", import.meta.url).pathname;
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", script, way, folder, out],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`the encoding process (${way}) failed`);
  const { ready, memory, copy } = JSON.parse(new TextDecoder().decode(stdout));
  return { readyMs: ready, memoryMb: memory, copy, ...await judge(out, folder) };
}

/** All of ffmpeg's time counts: it begins when the last frame is there. Memory is its own alone. */
async function ffmpeg(folder: string): Promise<Row | undefined> {
  const out = `${folder}/ffmpeg.gif`;
  const filter = "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none:diff_mode=rectangle";
  const start = performance.now();
  const child = new Deno.Command("ffmpeg", {
    args: ["-benchmark", "-framerate", "2", "-i", `${folder}/%d.png`, "-vf", filter, out],
    stderr: "piped",
    stdin: "null",
  });
  const ended = await child.output().catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  if (!ended) return;
  const readyMs = performance.now() - start;
  const peak = new TextDecoder().decode(ended.stderr).match(/maxrss=(\d+)/);
  if (!ended.success || !peak) throw new Error("ffmpeg failed");
  return { readyMs, memoryMb: Number(peak[1]) / 1024, ...await judge(out, folder) };
}

/** Bytes, and the decoded frames against the screenshots. */
async function judge(path: string, folder: string): Promise<{ bytes: number; psnrDb: number }> {
  const gif = await Deno.readFile(path);
  const wanted = new Uint32Array(SIZE.width * SIZE.height);
  let error = 0;
  for (const [i, { pixels }] of decodeGif(gif).frames.entries()) {
    decodePng(await Deno.readFile(`${folder}/${i}.png`), (data) => inflateSync(data), wanted);
    const shown = new Uint32Array(pixels.buffer);
    for (let at = 0; at < wanted.length; at++) {
      const a = wanted[at]!, b = shown[at]!;
      error += ((a & 255) - (b & 255)) ** 2 + ((a >> 8 & 255) - (b >> 8 & 255)) ** 2 +
        ((a >> 16 & 255) - (b >> 16 & 255)) ** 2;
    }
  }
  const mean = error / (wanted.length * 3 * FRAMES);
  return { bytes: gif.length, psnrDb: 10 * Math.log10(255 ** 2 / mean) };
}

if (import.meta.main) await benchGif();
