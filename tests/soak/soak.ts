/**
 * `deno task soak [number of faults]`: plants faults of the database at random moments while four flows
 * append and three clients call, then kills the service 50 times while it posts; `deno task soak slack
 * [number of kills]`: the kills alone; `deno task soak growth [captures] [calls]`: whether memory, open
 * files or browsers grow; `deno task soak fuzz [files] [seed]`: changed report files. Ends with 1 when the service ended, a run was posted twice or lost,
 * or the first good answer after a fault took over 10 s.
 */
import { connect, type Sql } from "../../src/external/postgres/postgres.ts";
import { startClients, uses } from "../help/service/clients.ts";
import { type FaultyServer, startFaultyServer } from "../help/service/faults.ts";
import {
  addUser,
  keyIn,
  makeHome,
  type Service,
  tells,
  urlOf,
  waitFor,
} from "../help/service/service.ts";
import { startSlack } from "../help/slack.ts";
import { soakFuzz } from "./fuzz/fuzz.ts";
import { soakGrowth } from "./growth.ts";
import { soakSlack } from "./slack_soak.ts";

const KILLS = 50;
const CAPTURES = 1_000;
const CALLS = 10_000;
const FUZZED = 10_000;
const FLOWS = 4;
const CLIENTS = 3;
const MOST_FIRST_GOOD_MS = 10_000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const between = (least: number, most: number) => least + Math.random() * (most - least);

const FAULTS: Record<string, (server: FaultyServer) => Promise<void>> = {
  async "stop fast"(server) {
    await server.stop("fast");
    await pause(between(0, 4000));
    await server.start();
  },
  async "stop immediate"(server) {
    await server.stop("immediate");
    await pause(between(0, 4000));
    await server.start();
  },
  async kill(server) {
    await server.kill();
    await pause(between(0, 2000));
    await server.start();
  },
  async freeze(server) {
    await server.freeze();
    await pause(between(500, 9000));
    await server.thaw();
  },
  "end connections": (server) => server.endConnections(),
  async "read-only"(server) {
    await server.readOnly(true);
    await pause(between(500, 3000));
    await server.readOnly(false);
  },
};

/** A flow: appends a run now and then, and tries again what did not come off. Resolves with its rows. */
async function flow(url: string, stopped: AbortSignal): Promise<number> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const open = (): Sql =>
    connect({
      host: hostname,
      port: Number(port),
      user: username,
      password: decodeURIComponent(password),
      database: pathname.slice(1),
    }, 1);
  let rows = 0;
  while (!stopped.aborted) {
    const db = open();
    try {
      await db`create table if not exists history (n int primary key, design text, area float8)`;
      await db`insert into history values (${rows}, 'core', ${rows * 1.5}) on conflict do nothing`;
      rows++;
      await pause(between(1000, 6000));
    } catch {
      await pause(500);
    } finally {
      await db.end({ timeout: 1 });
    }
  }
  return rows;
}

/** Plants the faults one after the other; resolves with the first good answers, in milliseconds. */
async function plant(server: FaultyServer, many: number, clients: ReturnType<typeof startClients>) {
  const times: number[] = [];
  let kinds: string[] = [];
  for (let i = 0; i < many; i++) {
    await pause(between(500, 6000));
    // Each kind once before any comes again.
    if (kinds.length === 0) kinds = Object.keys(FAULTS).sort(() => Math.random() - 0.5);
    const kind = kinds.pop()!;
    await FAULTS[kind]!(server);
    const ms = await clients.firstGood();
    times.push(ms);
    console.log(`${i + 1} of ${many}: ${kind}, first good answer after ${Math.round(ms)} ms`);
    if (ms === Infinity) break;
  }
  return times;
}

/** Waits until all that the flows wrote is told; what is still missing after that is lost. */
async function drained(master: Sql, users: number[], rows: number[]): Promise<string[]> {
  const missing = async () => {
    const last = await master<{ user_id: number; step: string; row_count: number; why: string }[]>`
      select d.user_id, d.step, r.row_count, d.last_error as why
      from dashboards d join runs r on r.dashboard_id = d.id and r.run = d.run`;
    const untold = await master`select dashboard_id, run from runs where posted_at is null`;
    return [
      ...untold.map(({ dashboard_id, run }) => `run ${run} of ${dashboard_id} was not told`),
      ...users.flatMap((id, i) => {
        const row = last.find(({ user_id }) => user_id === id);
        return row?.step === "done" && row.row_count === rows[i]
          ? []
          : [`user ${id}: ${row?.step} with ${row?.row_count} of ${rows[i]} rows, ${row?.why}`];
      }),
    ];
  };
  await waitFor("the last runs", async () => (await missing()).length === 0, 180).catch(() => {});
  return await missing();
}

async function soak(many: number): Promise<string[]> {
  await using all = new AsyncDisposableStack();
  const server = all.use(await startFaultyServer());
  const slack = all.use(await startSlack());
  const home = all.use(await makeHome());
  const service: Service = await home.start({ ...uses(server), ...tells(slack) });
  const key = keyIn(service.log());
  const users: { id: number; api_key: string }[] = [];
  for (let n = 1; n <= FLOWS; n++) users.push(await addUser(service, key, `flow-${n}`));
  const urls = await Promise.all(users.map(({ id }) => urlOf(service, key, id, "QOR")));
  const stopped = new AbortController();
  const started = performance.now();
  const flows = urls.map((url) => flow(url, stopped.signal));
  const clients = startClients(service, users[0]!.api_key, users[0]!.id, CLIENTS);
  await clients.firstGood();

  const times = (await plant(server, many, clients)).sort((a, b) => a - b);
  stopped.abort();
  const rows = await Promise.all(flows);
  await clients.stop();
  const master = server.open("dashkeeper");
  all.defer(() => master.end({ timeout: 1 }));
  const lost = await drained(master, users.map(({ id }) => id), rows);

  const told = (await slack.messages())
    .filter(({ metadata }) => metadata!.event_type === "dashkeeper_dashboard")
    .map(({ metadata }) => {
      const { dashboard_id, run } = metadata!.event_payload;
      return `run ${run} of ${dashboard_id}`;
    });
  const twice = told.filter((one, i) => told.indexOf(one) !== i);
  const [runs] = await master<{ n: number }[]>`select count(*) as n from runs`;
  const seconds = (performance.now() - started) / 1000;
  const answers = Map.groupBy(clients.seen, ({ status, code }) => `${status} ${code}`.trim());
  const slowest = Math.max(...clients.seen.map(({ ms }) => ms));
  const ms = (part: number) => Math.round(times[Math.floor((times.length - 1) * part)] ?? 0);
  console.log(`${times.length} faults in ${Math.round(seconds)} s`);
  console.log(`first good answer: median ${ms(0.5)} ms, worst ${ms(1)} ms`);
  console.log(
    `calls: ${[...answers].map(([what, { length }]) => `${length} × ${what}`).join(", ")}`,
  );
  console.log(`slowest call: ${Math.round(slowest)} ms`);
  console.log(`runs: ${runs!.n} found, ${told.length} posted, ${twice.length} twice`);
  const faults = [
    ...lost,
    ...twice.map((one) => `${one} was posted twice`),
    ...runs!.n === new Set(told).size ? [] : [`${runs!.n} runs, ${new Set(told).size} posted`],
    ...await clients.lost(),
    ...clients.strange(),
    ...ms(1) > MOST_FIRST_GOOD_MS ? [`a first good answer took ${ms(1)} ms`] : [],
    ...(await service.call("GET", "/livez")).status === 200 ? [] : ["the service ended"],
    ...service.log().match(/.*ERROR.*/g) ?? [],
  ];
  if (faults.length > 0) await Deno.writeTextFile("soak.log", service.log());
  return faults;
}

async function soaked([part, number, calls]: string[]): Promise<string[]> {
  if (part === "fuzz") return soakFuzz(Number(number ?? FUZZED), Number(calls ?? 1));
  if (part === "slack") return await soakSlack(Number(number ?? KILLS));
  if (part === "growth") {
    return await soakGrowth(Number(number ?? CAPTURES), Number(calls ?? CALLS));
  }
  return [
    ...soakFuzz(FUZZED, 1),
    ...await soak(Number(part ?? 30)),
    ...await soakSlack(KILLS),
    ...await soakGrowth(CAPTURES, CALLS),
  ];
}

if (import.meta.main) {
  const faults = await soaked(Deno.args);
  for (const fault of faults) console.error(fault);
  console.log(faults.length === 0 ? "ok" : "FAILED");
  Deno.exit(faults.length === 0 ? 0 : 1);
}
