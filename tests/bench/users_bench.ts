import { dirname } from "node:path";
import { importSealKey } from "../../src/credentials/seal.ts";
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { connect, databaseUrl, type Sql } from "../../src/external/postgres/postgres.ts";
import { findUserByName } from "../../src/users/store.ts";
import { writeCursor } from "../../src/http/paging.ts";
import type { Outcome } from "./load.ts";
import {
  type Calls,
  here,
  load,
  type Pace,
  type Service,
  sorted,
  start,
  startOurs,
} from "./services.ts";
import { fill, giveKey, sample } from "./users_data.ts";
import { SILENT } from "../../src/external/log/log.ts";

const SIZES = [1000, 1_000_000];
const ROUNDS = 5;
/** As fast as they go; and, whether or not the last one is answered, 100 a second. */
const FAST = { seconds: 2 };
const STEADY = { seconds: 4, rate: 100 };
const SAMPLE = 200;

type Row = Record<string, string | number>;

/**
 * List, get and reveal at 1,000 and 1,000,000 users, beside an Express service on the same database, the
 * two in turn, under the load of a third process, and pages at 100 requests/s; prints a table of
 * requests/s and p99 (least, median and most of the rounds).
 */
export async function benchUsers(): Promise<void> {
  const dataDir = await Deno.realPath(await Deno.makeTempDir({ prefix: "users-bench-" }));
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const { stop, ...server } = await startEmbedded({ dataDir, log: SILENT });
    ends.push(stop);
    const seal_key = crypto.getRandomValues(new Uint8Array(32));
    const address = { ...server, database: "dashkeeper" };
    const env = {
      DATA_DIR: dataDir,
      SEAL_KEY: seal_key.toBase64(),
      DATABASE_URL: databaseUrl(address),
      BROWSER_INSTALL: "no",
      LOG_FILE: `${dataDir}/app.log`,
    };
    const ours = await startOurs(env);
    ends.push(ours.stop);
    const naive = await startNaive(env);
    ends.push(naive.stop);
    const db = connect(address, 2);
    ends.push(() => db.end({ timeout: 1 }));

    const sealKeys = { current: await importSealKey(seal_key) };
    const admin = await giveKey(db, (await findUserByName(db, "admin"))!.id);
    const rows: Row[] = [];
    for (const size of SIZES) {
      await fill(db, sealKeys, size);
      const calls = callsOf(await sample(db, sealKeys, SAMPLE), admin);
      await settle(db);
      const tell = (call: string, found: Row[]) =>
        rows.push(...found.map((row) => ({ size, call, ...row })));
      for (const [call, made] of Object.entries(calls)) {
        tell(call, await compare(made, { ours, naive }, FAST));
      }
      tell("list, 100/s", await compare(calls.list, { ours, naive }, STEADY));
    }
    console.table(rows);
  } finally {
    for (const end of ends.reverse()) await end().catch(console.error);
    // Where the server's own user cannot enter the folder, the files lie elsewhere.
    const cluster = await Deno.realPath(`${dataDir}/postgres`);
    for (const folder of new Set([dirname(cluster), dataDir])) {
      await Deno.remove(folder, { recursive: true });
    }
  }
}

/** Pages from all over the table, users by an admin, and credentials by those whose they are. */
function callsOf(users: Awaited<ReturnType<typeof sample>>, admin: string) {
  const path = "/api/v1/users";
  return {
    list: users.map(({ username }): Calls[number] => ({
      path: `${path}?limit=50&cursor=${writeCursor(username)}`,
      key: admin,
    })),
    get: users.map(({ id }) => ({ path: `${path}/${id}`, key: admin })),
    reveal: users.flatMap(({ id, key, key_names }) =>
      key_names.map((name) => ({ path: `${path}/${id}/credentials/${name}`, key }))
    ),
  };
}

/** So that no vacuum or checkpoint of the filling falls into a round. */
async function settle(db: Sql) {
  await db`vacuum analyze`;
  await db`checkpoint`;
}

async function compare(calls: Calls, services: Record<string, Service>, pace: Pace) {
  const seen = new Map(Object.keys(services).map((name) => [name, [] as Outcome[]]));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, service] of Object.entries(services)) {
      const outcome = await load(service, calls, pace);
      if (round > 0) seen.get(name)!.push(outcome); // the first one warms up
    }
  }
  const rates = (name: string) => sorted(seen.get(name)!.map(({ per_second }) => per_second));
  return [...seen].map(([service, outcomes]): Row => ({
    service,
    "requests/s": rates(service).map(Math.round).join(" … "),
    "p99, ms": sorted(outcomes.map(({ p99 }) => p99)).map((ms) => ms.toFixed(1)).join(" … "),
    ...(service === "ours"
      ? { "to naive": (rates("ours")[1] / rates("naive")[1]).toFixed(2) }
      : {}),
  }));
}

/** On Node where there is one, as such a team would; else on Deno. */
async function startNaive(env: Record<string, string>): Promise<Service> {
  const script = here("naive_service.mjs");
  const production = { ...env, NODE_ENV: "production" };
  try {
    return await start("node", [script], production, "ready");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return await start(Deno.execPath(), ["run", "--no-prompt", "-A", script], production, "ready");
  }
}

if (import.meta.main) await benchUsers();
