import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { connect } from "../../src/external/postgres/postgres.ts";
import { SILENT } from "../../src/external/log/log.ts";
import { findUserByName } from "../../src/users/store.ts";
import { type Calls, here, load, type Service, sorted, startOurs } from "./services.ts";
import { giveKey } from "./users_data.ts";

const ROUNDS = 9;
const PACE = { seconds: 2 };

type Less = { log?: true; metrics?: true };

/** The service as by default against one that logs nothing. The goal is a cost of at most 5 %. */
export const benchLog = () => benchOverhead({ "the log": { log: true } });

/** The same against one that counts no requests, and against one that does neither. */
export const benchMetrics = () =>
  benchOverhead({ metrics: { metrics: true }, "metrics and log": { metrics: true, log: true } });

/** Requests/s of the service and of one with less, on one database, in turn. */
async function benchOverhead(parts: Record<string, Less>): Promise<void> {
  const dataDir = await Deno.realPath(await Deno.makeTempDir({ prefix: "overhead-bench-" }));
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const { stop, ...server } = await startEmbedded({ dataDir, log: SILENT });
    ends.push(stop);
    const start = async (less: Less, name: string) => {
      const service = await startWith(dataDir, less, name);
      ends.push(service.stop);
      return service;
    };
    const whole = await start({}, "app");
    const db = connect({ ...server, database: "dashkeeper" }, 2);
    ends.push(() => db.end({ timeout: 1 }));
    const key = await giveKey(db, (await findUserByName(db, "admin"))!.id);
    const rows = [];
    for (const [part, less] of Object.entries(parts)) {
      const other = await start(less, "other");
      for (const path of ["/api/v1/me", "/api/v1/dashboards", "/api/v1/users?limit=50"]) {
        rows.push({ "cost of": part, ...await compare(whole, other, [{ path, key }]) });
      }
    }
    console.table(rows);
  } finally {
    for (const end of ends.reverse()) await end().catch(console.error);
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function startWith(dataDir: string, less: Less, name: string): Promise<Service> {
  const env = {
    DATA_DIR: dataDir,
    FRONTEND_URL: "http://dashkeeper.test",
    BROWSER_INSTALL: "no",
    LOG_FILE: `${dataDir}/logs/${name}.log`,
    ...(less.log ? { LOG_LEVEL: "error", LOG_FILE: "none" } : {}),
  };
  if (!less.metrics) return await startOurs(env);
  const { imports } = JSON.parse(await Deno.readTextFile(here("../../deno.json")));
  const of = (path: string) => new URL(path, import.meta.url).href;
  const without = { [of("../../src/http/metrics.ts")]: of("without_metrics.ts") };
  const map = `${dataDir}/without_metrics.json`;
  await Deno.writeTextFile(map, JSON.stringify({ imports: { ...imports, ...without } }));
  return await startOurs(env, [`--import-map=${map}`]);
}

async function compare(whole: Service, other: Service, calls: Calls) {
  const rates: [whole: number, other: number][] = [];
  const taken = new Map([whole, other].map((one) => [one, { ms: 0, requests: 0 }]));
  for (let round = 0; round <= ROUNDS; round++) {
    const first = round % 2 === 0 ? whole : other; // neither always follows the other
    const second = first === whole ? other : whole;
    const seen = new Map<Service, number>();
    for (const service of [first, second]) {
      const before = await service.cpuMs();
      const { per_second, requests } = await load(service, calls, PACE);
      seen.set(service, per_second);
      if (round === 0) continue; // warms up
      taken.get(service)!.ms += await service.cpuMs() - before;
      taken.get(service)!.requests += requests;
    }
    if (round > 0) rates.push([seen.get(whole)!, seen.get(other)!]);
  }
  const costs = rates.map(([whole, other]) => 100 * (1 - whole / other));
  const [own, others] = [whole, other].map((one) => taken.get(one)!)
    .map(({ ms, requests }) => ms / requests) as [number, number];
  const shown = (all: number[], digits = 0) =>
    sorted(all).map((n) => n.toFixed(digits)).join(" … ");
  return {
    call: calls[0]!.path,
    "requests/s with it": shown(rates.map(([whole]) => whole)),
    without: shown(rates.map(([, other]) => other)),
    "cost, %": shown(costs, 1),
    "CPU ms/request": `${own.toFixed(3)}, ${others.toFixed(3)}`,
    "CPU, %": (100 * (own / others - 1)).toFixed(1),
  };
}

if (import.meta.main) await benchMetrics();
