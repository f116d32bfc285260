import { dirname } from "node:path";
import { startEmbedded } from "../../../src/external/postgres/embedded.ts";
import { DEADLINES, withDeadline } from "../../../src/external/postgres/deadlines.ts";
import { SILENT } from "../../../src/external/log/log.ts";
import { FRONTEND } from "../../help/world/deps.ts";
import { startWorld, type World } from "../../help/world/world.ts";
import { fillAll } from "./data.ts";
import { PAGES, type Path } from "./paths.ts";

const ROUNDS = 60;
const GOAL_MS = 30;

const share = (times: number[], of: number) =>
  times.toSorted((a, b) => a - b)[Math.floor(of * times.length)]!.toFixed(1);

/** From the request to the last byte of the page, at places from all over the list. */
async function time(world: World, cookie: string, path: Path) {
  const times: number[] = [];
  let bytes = 0;
  for (let i = -3; i < ROUNDS; i++) {
    const address = typeof path === "string" ? path : path(Math.max(i, 0) / ROUNDS);
    const started = performance.now();
    const request = new Request(FRONTEND + address, { headers: { cookie } });
    const response = await world.app.fetch(request, { from: "" });
    const text = await response.text();
    if (i >= 0) times.push(performance.now() - started);
    const { status } = response;
    if (status !== 200) throw new Error(`${address}: ${status} ${text.slice(0, 500)}`);
    bytes = text.length;
  }
  const over = Number(share(times, 0.95)) > GOAL_MS ? "over" : "";
  return {
    "least, ms": share(times, 0),
    "p50, ms": share(times, 0.5),
    "p95, ms": share(times, 0.95),
    over,
    "kB of HTML": Math.round(bytes / 1000),
  };
}

/** Prints each page's times, as the admin sees it. */
export async function timePages(world: World, pages: Record<string, Path> = PAGES): Promise<void> {
  const cookie = await world.signIn(world.admin);
  const table: Record<string, unknown> = {};
  for (const [name, path] of Object.entries(pages)) {
    table[name] = await time(world, cookie, path);
  }
  console.table(table);
}

/** `/`, and every list with each sort and filter that it offers, at a million users and 100,000 dashboards. */
export async function benchPages(): Promise<void> {
  const dataDir = await Deno.realPath(await Deno.makeTempDir({ prefix: "pages-bench-" }));
  const { stop, ...server } = await startEmbedded({ dataDir, log: SILENT });
  try {
    await using world = await startWorld({ master: { ...server, database: "dashkeeper" } });
    await withDeadline(DEADLINES.long, () => fillAll(world.db));
    await timePages(world);
  } finally {
    await stop();
    const cluster = await Deno.realPath(`${dataDir}/postgres`).catch(() => dataDir);
    for (const folder of new Set([dirname(cluster), dataDir])) {
      if (folder !== "/tmp") await Deno.remove(folder, { recursive: true }).catch(() => {});
    }
  }
}
