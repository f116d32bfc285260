import type { Deps as AccountDeps } from "../../src/accounts/steps.ts";
import { openForTask } from "../../src/credentials/credentials.ts";
import { importSealKey } from "../../src/credentials/seal.ts";
import { scan } from "../../src/pipeline/scan/scan.ts";
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { connectMaster } from "../../src/external/postgres/master.ts";
import { migrate } from "../../src/external/postgres/migrate.ts";
import { connectToUserDatabase } from "../../src/external/postgres/postgres.ts";
import { KINDS, urlCredential } from "../../src/workspaces/names.ts";
import { readerAddress } from "../help/world/logins.ts";
import { openServers } from "../../src/workspaces/servers.ts";
import { createUser } from "../../src/accounts/create.ts";
import { fillDatabase } from "../../tasks/sample/write.ts";
import { SILENT } from "../../src/external/log/log.ts";
import { taskLog } from "../../src/external/log/open.ts";

const ROUNDS = 5;
const SIZES = [30, 120];
const never = new AbortController().signal;
const admin = { user_id: 0, username: "admin", role: "admin", from: "" } as const;
type Server = Awaited<ReturnType<typeof startEmbedded>>;
type Deps = Parameters<typeof scan>[0];

/**
 * What a look costs while nothing changes, against opening every database for one query (one after the
 * other, and eight at a time): min, median and max of alternating rounds, in ms.
 */
export async function benchScan() {
  const dataDir = await Deno.makeTempDir({ prefix: "scan-bench-" });
  const server = await startEmbedded({ dataDir, log: SILENT, fsync: false });
  try {
    await measure(server);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function measure(server: Server) {
  const db = await connectMaster({ ...server, database: "dashkeeper" });
  await migrate(db);
  const deps = {
    db,
    servers: await openServers(db, { host: server.host, port: server.port }, {}, []),
    installation: "bench",
    outside: { slack_api_url: "http://127.0.0.1:1/api", allowed_hosts: [] },
    sealKeys: { current: await importSealKey(new Uint8Array(32)) },
    limits: { scanSeconds: 1, settleSeconds: 0, updateMinSeconds: 600, batchSeconds: 300 },
    log: taskLog(),
  };
  const rows: Record<string, Record<string, string>> = {};
  const users: number[] = [];
  for (const size of SIZES) {
    while (users.length * KINDS.length < size) users.push(await addUser(deps, users.length));
    await settle(deps);
    const times: Record<string, number[]> = { tick: [], "every one": [], "every one, 8 wide": [] };
    for (let round = 0; round < ROUNDS; round++) {
      times.tick!.push(await idleTick(deps));
      times["every one"]!.push(await timed(() => openAll(deps, users, 1)));
      times["every one, 8 wide"]!.push(await timed(() => openAll(deps, users, 8)));
    }
    for (const [way, taken] of Object.entries(times)) {
      rows[`${size} databases: ${way}`] = row(taken);
    }
  }
  console.table(rows);
  await db.end();
}

/** A user whose QoR database holds the sample's tables. */
async function addUser(deps: Deps & AccountDeps, i: number): Promise<number> {
  const user = { username: `user${i}`, role: "member", adopt: false } as const;
  const { id, username } = await createUser(deps, admin, user);
  const url = await openForTask(deps, { id, username }, urlCredential("qor"));
  await fillDatabase(url, "qor", { log: SILENT });
  return id;
}

/** Looks until the last statistics (up to 10 s late) have come in and every table is known. */
async function settle(deps: Deps) {
  for (let idle = 0; idle < 12;) {
    idle = (await scan(deps, never)).databases_opened === 0 ? idle + 1 : 0;
    await new Promise((done) => setTimeout(done, 1000));
  }
}

/** Autovacuum writes statistics into a database now and then, which is then opened: not idle. */
async function idleTick(deps: Deps): Promise<number> {
  for (;;) {
    const started = performance.now();
    const { databases_opened } = await scan(deps, never);
    if (databases_opened === 0) return performance.now() - started;
  }
}

async function openAll(deps: Deps, users: number[], wide: number) {
  const all = users.flatMap((id) => KINDS.map((kind) => ({ id, kind })));
  const lane = async () => {
    for (let next = all.pop(); next; next = all.pop()) {
      const reader = connectToUserDatabase(await readerAddress(deps, next.id, next.kind));
      await reader`select count(*) from pg_catalog.pg_class`;
      await reader.end();
    }
  };
  await Promise.all(Array.from({ length: wide }, lane));
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function row(taken: number[]) {
  const sorted = taken.toSorted((a, b) => a - b);
  const shown = (i: number) => sorted[i]!.toFixed(1);
  return { min: shown(0), median: shown(sorted.length >> 1), max: shown(sorted.length - 1) };
}
