import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { connect } from "../../src/external/postgres/postgres.ts";
import { SILENT } from "../../src/external/log/log.ts";
import { findUserByName } from "../../src/users/store.ts";
import { type Calls, load, type Service, sorted, startOurs } from "./services.ts";
import { giveKey } from "./users_data.ts";

const ROUNDS = 9;
const PACE = { seconds: 2 };

/**
 * Requests/s of two services on one database, in turn: one logs as by default, each request to its
 * standard output and its file; the other one nothing. The goal is a cost of at most 5 %.
 */
export async function benchLog(): Promise<void> {
  const dataDir = await Deno.realPath(await Deno.makeTempDir({ prefix: "log-bench-" }));
  const ends: (() => Promise<unknown>)[] = [];
  try {
    const { stop, ...server } = await startEmbedded({ dataDir, log: SILENT });
    ends.push(stop);
    const env = {
      DATA_DIR: dataDir,
      FRONTEND_URL: "http://dashkeeper.test",
      BROWSER_INSTALL: "no",
    };
    const logging = await startOurs({ ...env, LOG_FILE: `${dataDir}/logs/app.log` });
    ends.push(logging.stop);
    const silent = await startOurs({ ...env, LOG_LEVEL: "error", LOG_FILE: "none" });
    ends.push(silent.stop);
    const db = connect({ ...server, database: "dashkeeper" }, 2);
    ends.push(() => db.end({ timeout: 1 }));
    const key = await giveKey(db, (await findUserByName(db, "admin"))!.id);
    const rows = [];
    for (const path of ["/api/v1/me", "/api/v1/dashboards", "/api/v1/users?limit=50"]) {
      rows.push(await compare(logging, silent, [{ path, key }]));
    }
    console.table(rows);
  } finally {
    for (const end of ends.reverse()) await end().catch(console.error);
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function compare(logging: Service, silent: Service, calls: Calls) {
  const rates: [logged: number, not: number][] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const first = round % 2 === 0 ? logging : silent; // neither always follows the other
    const second = first === logging ? silent : logging;
    const seen = new Map<Service, number>();
    for (const service of [first, second]) {
      seen.set(service, (await load(service, calls, PACE)).per_second);
    }
    if (round > 0) rates.push([seen.get(logging)!, seen.get(silent)!]); // the first one warms up
  }
  const costs = rates.map(([logs, not]) => 100 * (1 - logs / not));
  const shown = (all: number[], digits = 0) =>
    sorted(all).map((n) => n.toFixed(digits)).join(" … ");
  return {
    call: calls[0]!.path,
    "requests/s, logged": shown(rates.map(([logs]) => logs)),
    "not logged": shown(rates.map(([, not]) => not)),
    "cost, %": shown(costs, 1),
  };
}

if (import.meta.main) await benchLog();
