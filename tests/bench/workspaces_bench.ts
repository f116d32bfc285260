import { scan } from "../../src/pipeline/scan/scan.ts";
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { databaseUrl } from "../../src/external/postgres/postgres.ts";
import { never } from "../help/time.ts";
import { startWorld } from "../help/world/world.ts";
import { SILENT } from "../../src/external/log/log.ts";

const USERS = 300;

function spread(times: number[]) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor(share * (sorted.length - 1))]!);
  return { min: at(0), median: at(0.5), "95 %": at(0.95), max: at(1) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/**
 * 300 users made one after the other by POST /users on a server of its own without fsync; then the
 * scan: its first tick, which looks into all 900 databases, and three after it. Milliseconds.
 */
export async function benchWorkspaces(users = USERS) {
  const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-bench-" });
  const server = await startEmbedded({ dataDir, log: SILENT, fsync: false });
  try {
    Deno.env.set("TEST_DATABASE_URL", databaseUrl({ ...server, database: "postgres" }));
    await using app = await startWorld();
    const made: number[] = [];
    for (let i = 0; i < users; i++) made.push(await timed(() => app.addUser()));
    const tick = () => timed(() => scan(app.deps, never));
    const first = [await tick()];
    const quiet = [await tick(), await tick(), await tick()];
    const rows = {
      [`a user made, of ${users}`]: spread(made),
      "the first scan tick after": spread(first),
      "a scan tick after that": spread(quiet),
    };
    console.table(rows);
    return rows;
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

if (import.meta.main) await benchWorkspaces(Number(Deno.args[0] ?? USERS));
