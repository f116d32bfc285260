import { takePreview } from "../../src/previews/preview.ts";
import type { Browser } from "../../src/external/browser/browser.ts";
import { readGif } from "../help/previews/browser.ts";

/**
 * A page that shows the time as a colour (ms modulo 2^24, every 20 ms) beside a board whose 1,200 lines
 * move twice a second: few enough colours that a GIF keeps each exactly.
 */
const CLOCK_PAGE =
  `<!doctype html><body style="margin:0"><canvas id=c width=1920 height=1040></canvas>
<div id=clock style="position:absolute;top:1040px;width:40px;height:40px"></div><script>
  const c = document.getElementById("c").getContext("2d");
  const clock = document.getElementById("clock");
  let turn = 0;
  const draw = () => {
    c.fillStyle = "#fff"; c.fillRect(0, 0, 1920, 1040);
    c.fillStyle = "#3871dc"; turn++;
    for (let i = 0; i < 1200; i++) c.fillRect((i * 37 + turn * 3) % 1900, 20 + (i * 61) % 1000, 12, 2);
  };
  draw(); setInterval(draw, 500);
  setInterval(() => clock.style.background =
    "#" + (Date.now() % 0x1000000).toString(16).padStart(6, "0"), 20);
</script>`;
const DELAY_MS = 500;

export type Four = {
  /** How late the latest of all frames was, ms; its film's first one is in time. */
  latest: number;
  /** From the call to the finished film, ms, of the slowest. */
  longest: number;
};

/** Films of 10 frames, 1920×1080, so many at a time; 20 ms are the page's own. */
export async function filmTogether(browser: Browser, most: number): Promise<Four> {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response(CLOCK_PAGE, { headers: { "content-type": "text/html" } }),
  );
  const options = {
    url: `http://127.0.0.1:${server.addr.port}/`,
    headers: {},
    panels: [],
    boardHeight: 1080,
    width: 1920,
    height: 1080,
    frames: 10,
    delayMs: DELAY_MS,
    timeoutMs: 30_000,
    theme: "light" as const,
    timezone: "utc",
  };
  try {
    const films = await Promise.all(Array.from({ length: most }, async () => {
      const started = performance.now();
      const { gif } = await takePreview(browser, options, new AbortController().signal);
      return { gif: gif!, ms: performance.now() - started };
    }));
    return {
      latest: Math.max(...films.map(({ gif }) => latestOf(gif))),
      longest: Math.max(...films.map(({ ms }) => ms)),
    };
  } finally {
    await server.shutdown();
  }
}

function latestOf(gif: Uint8Array): number {
  const times = readGif(gif).map((frame) => parseInt(frame.at(20, 1060), 16));
  return Math.max(...times.map((time, i) => time - times[0]! - i * DELAY_MS));
}

/**
 * What this process's browsers take of the memory, MB (proportional set size of all their processes).
 * `Pss_Dirty` leaves out the program's own pages, whose share changes with each other browser on the machine.
 */
export async function browserMemory(of: "Pss" | "Pss_Dirty" = "Pss"): Promise<number> {
  const main = await pids("-f", `dashkeeper-browser-${Deno.pid}-`);
  const groups = await Promise.all(main.map(async (pid) => {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
    return stat.split(") ")[1]?.split(" ")[2];
  }));
  const all = await pids("-g", [...new Set(groups.filter((group) => group))].join(","));
  const sizes = await Promise.all(all.map(async (pid) => {
    const text = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`).catch(() => "");
    return Number(new RegExp(`^${of}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) / 1024;
  }));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function pids(...args: string[]): Promise<string[]> {
  const { stdout } = await new Deno.Command("pgrep", { args }).output();
  return new TextDecoder().decode(stdout).split("\n").filter(Boolean);
}
