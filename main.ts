import { makeApp } from "./src/app.tsx";
import {
  browserOf,
  captureOf,
  type Config,
  ConfigError,
  diagnosisOf,
  importsOf,
  limitsOf,
  logOf,
  outsideOf,
  readConfig,
  serverOf,
  slackOf,
  tracesOf,
} from "./src/config.ts";
import { checkSealKeys, signingKeyOf } from "./src/credentials/installation.ts";
import { loadSealKeys } from "./src/credentials/seal.ts";
import { ExternalError } from "./src/errors.ts";
import { connectBrowser } from "./src/external/browser/browser.ts";
import { openGifFolder } from "./src/external/gif_folder.ts";
import type { Sql } from "./src/external/postgres/postgres.ts";
import { START_MS } from "./src/external/postgres/deadlines.ts";
import { connectMaster } from "./src/external/postgres/master.ts";
import { migrate } from "./src/external/postgres/migrate.ts";
import { listenForEvents } from "./src/external/events.ts";
import { once } from "./src/external/abort.ts";
import { openSpoolFolder } from "./src/external/spool_folder.ts";
import { openServer } from "./src/external/server.ts";
import { whileAnswering } from "./src/external/postgres/answer.ts";
import { joinServices } from "./src/external/services.ts";
import { readInstallation } from "./src/credentials/installation_store.ts";
import { catchUncaught } from "./src/external/uncaught.ts";
import { startingApp } from "./src/http/starting.ts";
import { IMPORTS, queueImports } from "./src/imports/queue.ts";
import { startJobs } from "./src/jobs/jobs.ts";
import { SEALED_COLUMNS } from "./src/sealed.ts";
import { type Inbox, openInbox } from "./src/slack/inbox.ts";
import { takeInto } from "./src/slack/socket.ts";
import { preflight } from "./src/workspaces/preflight.ts";
import { openServers } from "./src/workspaces/servers.ts";
import { limitFailures } from "./src/users/failure_limit.ts";
import { makeSignInLink } from "./src/users/sign_in.ts";
import { ensureAdmin } from "./src/users/users.ts";
import { adminOnly } from "./src/who.ts";
import { refuseOldInstallation } from "./src/adoption/adopt.ts";
import { adoptedHashes } from "./src/users/key_store.ts";
import { type Log, SILENT } from "./src/external/log/log.ts";
import { openLog } from "./src/external/log/open.ts";
import { faultOf } from "./src/external/log/fault.ts";

let log: Log = SILENT;
let hide: (...secrets: string[]) => void = () => {};
let flush = () => {};

/** What stop() ends, in the reverse order. */
const ends: (() => Promise<unknown>)[] = [];
const stopping = new AbortController();

async function start(config: Config) {
  await trace(config);
  const http = serve(config);
  const deps = await connect(config);
  const jobs = Promise.withResolvers<ReturnType<typeof startJobs>>();
  const inbox = openInbox(deps, stopping.signal);
  ends.push(() => within(3000, inbox.idle()));
  const socket_mode = await openSocketMode(config, inbox);
  const app = await makeApp({
    ...deps,
    inbox,
    socket_mode,
    adminKey: config.ADMIN_API_KEY,
    failures: limitFailures(),
    trust_proxy: config.TRUST_PROXY,
    members_see: config.MEMBERS_SEE,
    metrics_token: config.METRICS_TOKEN,
    stopped: stopping.signal,
    look: async (who) => {
      adminOnly(who);
      return await whileAnswering(deps.db, async () => await (await jobs.promise).scanNow());
    },
  });
  stopping.signal.throwIfAborted();
  ends.push(http.stop); // before what its answers need
  const newKey = await ensureAdmin(deps.db, config.ADMIN_API_KEY);
  const link = newKey && await makeSignInLink(deps.db, "admin");
  http.use(app);
  const running = startJobs(deps, stopping.signal);
  jobs.resolve(running);
  ends.push(() => within(3000, running.ended()));
  greet(config, newKey, link);
}

/** Ended last, with what the other parts did at their ends. */
async function trace(config: Config) {
  const { receiver, has_denos } = tracesOf(config);
  if (has_denos) {
    log.warn("OTEL_DENO is set: Deno sends whole URLs, which hold signatures. Unset it.");
  }
  if (!receiver) return;
  const { startTracing } = await import("./src/external/trace/otlp.ts");
  const end = await startTracing(receiver, log);
  ends.push(() => within(1000, end()));
}

/** Undefined: Slack's calls come by HTTP alone. */
async function openSocketMode(config: Config, inbox: Inbox) {
  const { SLACK_APP_TOKEN: app_token, SLACK_API_URL: apiUrl } = config;
  if (app_token === undefined) return undefined;
  const { openSockets } = await import("./src/external/slack/socket/sockets.ts");
  const options = { app_token, apiUrl, timeoutMs: 10_000 };
  const sockets = openSockets(options, takeInto(inbox), { log });
  ends.push(() => within(3000, sockets.close()));
  return sockets.state;
}

/** Everything that the app and the jobs use. */
async function connect(config: Config) {
  const base = await openDatabase(config);
  const browser = connectBrowser(browserOf(config, log));
  ends.push(() => browser.close());
  return {
    ...base,
    log,
    browser,
    servers: await openWorkspaceServers(config, base),
    signingKey: await signingKeyOf(base.db, base.sealKeys),
    adoptedKeys: new Set(await adoptedHashes(base.db)),
    frontend_url: config.FRONTEND_URL,
    board_link_days: config.BOARD_LINK_DAYS,
    gifFolder: config.GIF_CAPTURE_DIR ? openGifFolder(config.GIF_CAPTURE_DIR, log) : undefined,
    slack: slackOf(config),
    outside: outsideOf(config),
    limits: limitsOf(config),
    capture: captureOf(config),
    imports: await openImports(importsOf(config)),
    diagnosis: { ...diagnosisOf(config), sealed_columns: SEALED_COLUMNS },
  };
}

/** Takes the port first: a key that is made and then not shown would be lost. */
function serve({ HOST: hostname, PORT: port }: Config) {
  let app: Pick<Awaited<ReturnType<typeof makeApp>>, "fetch"> = startingApp();
  const http = Deno.serve(
    { hostname, port, automaticCompression: true, onListen() {} },
    (request, { remoteAddr }) => app.fetch(request, { from: remoteAddr.hostname }),
  );
  const stop = once(() => within(1000, http.shutdown()));
  ends.push(stop);
  return { stop, use: (whole: typeof app) => app = whole };
}

/** Our database, migrated, its seal keys and events. */
async function openDatabase(config: Config) {
  const server = await openServer(serverOf(config), log, stopping.signal);
  ends.push(server.close);
  hide(server.address.password, ...(await server.readSealKeys()).map((key) => key.toBase64()));
  stopping.signal.throwIfAborted();
  const db = await connectMaster(
    { ...server.address, database: config.MASTER_DB_NAME },
    { waitMs: START_MS, log, signal: stopping.signal },
  );
  ends.push(() => db.end({ timeout: 1 }));
  await refuseOldInstallation(db);
  await migrate(db);
  const sealKeys = await loadSealKeys(server.readSealKeys);
  await checkSealKeys(db, sealKeys, SEALED_COLUMNS);
  const { FRONTEND_URL: frontend_url, FRONTEND_URL_IS_SET: isSet } = config;
  const events = await joinServices(
    db,
    { frontend_url, isSet },
    (name) => listenForEvents(db, name),
  );
  ends.push(() => events.close());
  const installation = await readInstallation(db, frontend_url);
  return { db, sealKeys, events, installation };
}

async function openWorkspaceServers(config: Config, { db }: { db: Sql }) {
  const { host, port, ssl } = db.address;
  const servers = await openServers(
    db,
    { host, port, ...(ssl ? { ssl } : {}) },
    { host: config.WORKSPACE_PUBLIC_HOST, port: config.WORKSPACE_PUBLIC_PORT },
    config.WORKSPACE_SERVERS,
    config.WORKSPACE_CONNECTION_LIMIT,
  );
  ends.push(() => servers.close());
  for (const { server, message } of (await Promise.all(servers.all.map(preflight))).flat()) {
    log.warn(message, { server });
  }
  return servers;
}

async function openImports({ folder, most_bytes }: ReturnType<typeof importsOf>) {
  const spool = await openSpoolFolder(folder);
  ends.push(() => spool.close());
  return { spool, most_bytes, queue: queueImports(IMPORTS.most, IMPORTS.waiting) };
}

function greet({ FRONTEND_URL: at, HOST, PORT }: Config, newKey?: string, link?: string) {
  const lines = [`Dashkeeper is at ${at} (listening on ${HOST}:${PORT})`];
  if (newKey) {
    lines.push("The admin's API key, shown this once:", "", `    ${newKey}`, "");
    lines.push(`Sign in with it at ${at}/sign-in`);
    lines.push("or by this link, once, within 10 minutes:", "");
    lines.push(`    ${at}/sign-in?link=${link}`);
  }
  log.info("Requests are answered.", { url: at, host: HOST, port: PORT });
  flush();
  console.log(lines.join("\n")); // at once: a reader of the first line finds the key
}

async function within(ms: number, work: Promise<unknown>) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([work, new Promise((resolve) => timer = setTimeout(resolve, ms))]);
  clearTimeout(timer);
}

let started = Promise.resolve();
let stopped: Promise<void> | undefined;
/** Ends everything in the reverse order; a part that fails does not keep the others. */
function stop(code: number): Promise<void> {
  return stopped ??= (async () => {
    stopping.abort();
    await within(5000, started.catch(() => {})); // what is half started could not be ended
    for (const end of ends.reverse()) await end().catch(() => {});
    Deno.exit(code);
  })();
}

/** Until the process ends. */
function openLogOf(config: Config) {
  const isTerminal = Deno.stdout.isTerminal();
  const opened = openLog({ ...logOf(config), print: console.log, isTerminal });
  ({ log, hide, flush } = opened);
  catchUncaught(log, () => stop(1));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      log.info(`${signal}: stopping.`);
      stop(0);
    });
  }
}

try {
  const config = readConfig();
  openLogOf(config);
  started = start(config);
  await started;
} catch (error) {
  if (stopping.signal.aborted) await stopped;
  if (error instanceof ConfigError) console.error(error.message); // there is no log yet
  else if (error instanceof ExternalError) log.error(error.message);
  else if (error instanceof Deno.errors.AddrInUse) {
    log.error("The port is in use by another program: stop that, or set PORT to another one.");
  } else log.error("The start failed.", faultOf(error));
  await stop(1);
}
