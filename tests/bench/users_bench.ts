import { importSealKey } from "../../src/credentials/seal.ts";
import { startEmbedded } from "../../src/external/embedded_postgres.ts";
import { connect, databaseUrl, type Sql } from "../../src/external/postgres.ts";
import { findUserByName } from "../../src/users/store.ts";
import { writeCursor } from "../../src/users/paging.ts";
import type { Load, Outcome } from "./load.ts";
import { fill, giveKey, sample } from "./users_data.ts";

const SIZES = [1000];
const ROUNDS = 3;
const SECONDS = 2;
const CONNECTIONS = 20;
const SAMPLE = 200;
const STEADY = { rate: 100, seconds: 10 };

const ROOT = new URL("../../", import.meta.url).pathname;
const here = (name: string) => new URL(name, import.meta.url).pathname;

type Calls = Load["calls"];
type Service = { port: number; stop(): Promise<void> };
type Row = Record<string, string | number>;

/**
 * List, get and reveal at 1,000 and 1,000,000 users, beside an Express service on the same database, the
 * two in turn, under the load of a third process; prints a table of requests/s (least, median, most of
 * the rounds) and p99, and one of pages at 100 requests/s.
 */
export async function benchUsers(): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "users-bench-" });
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const { stop, ...server } = await startEmbedded({ dataDir, log: () => {} });
    ends.push(stop);
    const seal_key = crypto.getRandomValues(new Uint8Array(32));
    const address = { ...server, database: "dashkeeper" };
    const env = {
      DATA_DIR: dataDir,
      SEAL_KEY: seal_key.toBase64(),
      DATABASE_URL: databaseUrl(address),
      BROWSER_INSTALL: "no",
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
    const steady: Row[] = [];
    for (const size of SIZES) {
      await fill(db, sealKeys, size);
      const calls = callsOf(await sample(db, sealKeys, SAMPLE), admin);
      await settle(db);
      for (const [call, made] of Object.entries(calls)) {
        rows.push(...(await compare(made, { ours, naive })).map((row) => ({ size, call, ...row })));
      }
      const { p50, p99 } = await load(ours, calls.list, STEADY);
      steady.push({ size, "p50, ms": p50.toFixed(1), "p99, ms": p99.toFixed(1) });
    }
    console.table(rows);
    console.log(
      `A page of 50 at ${STEADY.rate} requests/s, whether or not the last one is answered:`,
    );
    console.table(steady);
  } finally {
    for (const end of ends.reverse()) await end().catch(console.error);
    await Deno.remove(dataDir, { recursive: true });
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

async function compare(calls: Calls, services: { ours: Service; naive: Service }): Promise<Row[]> {
  const names = ["ours", "naive"] as const;
  const seen: Record<typeof names[number], Outcome[]> = { ours: [], naive: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of names) {
      const outcome = await load(services[name], calls, { seconds: SECONDS });
      if (round > 0) seen[name].push(outcome); // the first one warms up
    }
  }
  const rates = (name: typeof names[number]) => spread(seen[name].map((o) => o.per_second));
  const median = { ours: rates("ours").median, naive: rates("naive").median };
  return names.map((name) => {
    const { least, median: middle, most } = rates(name);
    return {
      service: name,
      "requests/s": `${Math.round(least)} … ${Math.round(middle)} … ${Math.round(most)}`,
      "p99, ms": spread(seen[name].map((o) => o.p99)).median.toFixed(1),
      ...(name === "ours" ? { "to naive": (median.ours / median.naive).toFixed(2) } : {}),
    };
  });
}

function spread(figures: number[]) {
  const sorted = figures.toSorted((a, b) => a - b);
  return { least: sorted[0]!, median: sorted[sorted.length >> 1]!, most: sorted.at(-1)! };
}

async function load(
  { port }: Service,
  calls: Calls,
  pace: { seconds: number; rate?: number },
): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net", here("load.ts")],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const given: Load = { port, calls, connections: CONNECTIONS, ...pace };
  await new Blob([JSON.stringify(given)]).stream().pipeTo(child.stdin);
  const { success, stdout } = await child.output();
  if (!success) throw new Error("the load failed: see above");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The service as `deno task start` runs it. */
function startOurs(env: Record<string, string>): Promise<Service> {
  return start(Deno.execPath(), ["run", "--no-prompt", "--allow-all", "main.ts"], env, "listening");
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

/** Starts a service on a free port; resolves when it prints `sign`. */
async function start(
  command: string,
  args: string[],
  given: Record<string, string>,
  sign: string,
): Promise<Service> {
  const port = freePort();
  const env = { ...given, PORT: `${port}`, HOST: "127.0.0.1" };
  const child = new Deno.Command(command, { args, env, cwd: ROOT, stdout: "piped" }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  let said = "";
  for await (const text of lines.values({ preventCancel: true })) {
    said += text;
    if (said.includes(sign)) break;
  }
  if (!said.includes(sign)) throw new Error(`${args.at(-1)} does not start:\n${said}`);
  const rest = lines.pipeTo(new WritableStream());
  return {
    port,
    async stop() {
      child.kill("SIGTERM");
      await Promise.all([child.status, rest]);
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

if (import.meta.main) await benchUsers();
