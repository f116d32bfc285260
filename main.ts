import { makeApp } from "./src/app.tsx";
import { type Config, ConfigError, grafanaOf, placeOf, readConfig } from "./src/config.ts";
import { checkSealKeys, signingKeyOf } from "./src/credentials/installation.ts";
import { loadSealKeys } from "./src/credentials/seal.ts";
import { ExternalError } from "./src/errors.ts";
import { connectBrowser } from "./src/external/browser/browser.ts";
import { openGifFolder } from "./src/external/gif_folder.ts";
import { START_MS } from "./src/external/postgres/deadlines.ts";
import { connectMaster } from "./src/external/postgres/master.ts";
import { migrate } from "./src/external/postgres/migrate.ts";
import { listenForEvents } from "./src/external/events.ts";
import { once } from "./src/external/abort.ts";
import { openPlace } from "./src/external/place.ts";
import { whileAnswering } from "./src/external/postgres/answer.ts";
import { joinServices } from "./src/external/running.ts";
import { readInstallation } from "./src/external/installation.ts";
import { connectSlack } from "./src/external/slack/slack.ts";
import { catchUncaught } from "./src/external/uncaught.ts";
import { startingApp } from "./src/http/starting.ts";
import { startJobs } from "./src/jobs/jobs.ts";
import { SEALED_COLUMNS } from "./src/sealed.ts";
import { preflight } from "./src/workspaces/preflight.ts";
import { openServers } from "./src/workspaces/servers.ts";
import { limitFailures } from "./src/users/failure_limit.ts";
import { ensureAdmin } from "./src/users/users.ts";
import { adminOnly } from "./src/who.ts";
import { refuseOldInstallation } from "./src/adoption/adopt.ts";
import { adoptedHashes } from "./src/adoption/store.ts";

const log = (line: string) => console.log(`${new Date().toISOString()} ${line}`);

/** What has to be ended, in the order in which it began. */
const ends: (() => Promise<unknown>)[] = [];
const stopping = new AbortController();

async function start(config: Config) {
  // The port first: a key that is made and then not shown would be lost.
  let app: { fetch: Awaited<ReturnType<typeof makeApp>>["fetch"] } = startingApp();
  const http = Deno.serve(
    { hostname: config.HOST, port: config.PORT, onListen() {} },
    (request, { remoteAddr }) => app.fetch(request, { from: remoteAddr.hostname }),
  );
  const stopHttp = once(() => within(1000, http.shutdown()));
  ends.push(stopHttp);
  const place = await openPlace(placeOf(config), log, stopping.signal);
  ends.push(place.close);
  stopping.signal.throwIfAborted();
  const db = await connectMaster(
    { ...place.server, database: config.MASTER_DB_NAME },
    { waitMs: START_MS, log, signal: stopping.signal },
  );
  ends.push(() => db.end({ timeout: 1 }));
  await refuseOldInstallation(db);
  await migrate(db);
  const sealKeys = await loadSealKeys(place.readSealKeys);
  await checkSealKeys(db, sealKeys, SEALED_COLUMNS);
  const events = await joinServices(
    db,
    { frontend_url: config.FRONTEND_URL, isSet: config.FRONTEND_URL_IS_SET },
    (name) => listenForEvents(db, name),
  );
  ends.push(() => events.close());
  const installation = await readInstallation(db, config.FRONTEND_URL);

  const browser = connectBrowser({
    ...(config.BROWSER_PATH ? { path: config.BROWSER_PATH } : {}),
    ...(config.BROWSER_URL ? { url: config.BROWSER_URL } : {}),
    install: config.BROWSER_INSTALL,
    log,
  });
  ends.push(() => browser.close());
  const { host, port, ssl } = place.server;
  const servers = await openServers(
    db,
    { host, port, ...(ssl ? { ssl } : {}) },
    { host: config.WORKSPACE_PUBLIC_HOST, port: config.WORKSPACE_PUBLIC_PORT },
    config.WORKSPACE_SERVERS,
    config.WORKSPACE_CONNECTION_LIMIT,
  );
  ends.push(() => servers.close());
  for (const { server, message } of (await Promise.all(servers.all.map(preflight))).flat()) {
    log(`${server}: ${message}`);
  }
  const deps = {
    db,
    log,
    events,
    browser,
    installation,
    sealKeys,
    signingKey: await signingKeyOf(db, sealKeys),
    adoptedKeys: new Set(await adoptedHashes(db)),
    servers,
    frontend_url: config.FRONTEND_URL,
    board_link_days: config.BOARD_LINK_DAYS,
    gifFolder: config.GIF_CAPTURE_DIR ? openGifFolder(config.GIF_CAPTURE_DIR, log) : undefined,
    slack: config.SLACK_BOT_TOKEN
      ? connectSlack({
        token: config.SLACK_BOT_TOKEN,
        channel: config.SLACK_CHANNEL_ID!,
        apiUrl: `${config.SLACK_API_URL}/`,
      })
      : undefined,
    outside: {
      slack_api_url: config.SLACK_API_URL,
      slack_token: config.SLACK_BOT_TOKEN,
      slack_channel: config.SLACK_CHANNEL_ID,
      grafana: grafanaOf(config),
      allowed_hosts: config.ALLOWED_HOSTS,
    },
    limits: {
      scanSeconds: config.SCAN_SECONDS,
      settleSeconds: config.SETTLE_SECONDS,
      updateMinSeconds: config.UPDATE_MIN_SECONDS,
    },
    capture: {
      base_url: config.CAPTURE_BASE_URL,
      width: config.CAPTURE_WIDTH,
      height: config.CAPTURE_HEIGHT,
      frames: config.CAPTURE_FRAMES,
      delay_ms: config.CAPTURE_FRAME_DELAY,
      timeout_ms: config.CAPTURE_TIMEOUT,
      theme: config.CAPTURE_THEME,
      timezone: config.CAPTURE_TIMEZONE,
    },
  };
  const jobs = Promise.withResolvers<ReturnType<typeof startJobs>>();
  const whole = await makeApp({
    ...deps,
    adminKey: config.ADMIN_API_KEY,
    failures: limitFailures(),
    trust_proxy: config.TRUST_PROXY,
    stopped: stopping.signal,
    look: async (who) => {
      adminOnly(who);
      return await whileAnswering(db, async () => await (await jobs.promise).scanNow());
    },
  });
  stopping.signal.throwIfAborted();
  ends.push(stopHttp); // before what its answers need
  const newKey = await ensureAdmin(db, config.ADMIN_API_KEY);
  app = whole;
  const running = startJobs(deps, stopping.signal);
  jobs.resolve(running);
  ends.push(() => within(3000, running.ended()));

  const at = config.FRONTEND_URL;
  const lines = [`Dashkeeper is at ${at} (listening on ${config.HOST}:${config.PORT})`];
  if (newKey) {
    lines.push("The admin's API key, shown this once:", "", `    ${newKey}`, "");
    lines.push(`Sign in with it at ${at}/sign-in`);
  }
  // At once: whoever waits for the first line finds the key.
  console.log(lines.join("\n"));
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

catchUncaught(log, () => stop(1));
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    log(`${signal}: stopping`);
    stop(0);
  });
}

try {
  started = start(readConfig());
  await started;
} catch (error) {
  if (stopping.signal.aborted) await stopped;
  if (error instanceof ConfigError || error instanceof ExternalError) console.error(error.message);
  else if (error instanceof Deno.errors.AddrInUse) {
    console.error("The port is in use by another program: stop that, or set PORT to another one.");
  } else console.error(error);
  await stop(1);
}
