import { makeApp } from "../../../src/app.tsx";
import type { ConfiguredGrafana, Outside } from "../../../src/credentials/hosts.ts";
import { recordTick } from "../../../src/diagnostics/store.ts";
import { listenForEvents } from "../../../src/external/events.ts";
import { migrate } from "../../../src/external/postgres/migrate.ts";
import { type Address, connect, type Db } from "../../../src/external/postgres/postgres.ts";
import { scan } from "../../../src/pipeline/scan/scan.ts";
import { openInbox } from "../../../src/slack/inbox.ts";
import { ensureAdmin } from "../../../src/users/users.ts";
import { adminOnly } from "../../../src/who.ts";
import { type Options as StandInOptions, type StandIn, startGrafana } from "../grafana/grafana.ts";
import { never } from "../time.ts";
import { type Account, accounts, type User } from "./accounts.ts";
import { calls, fetchDocument } from "./calls.ts";
import { makeDeps, type Options as DepsOptions } from "./deps.ts";
import { inGrafana } from "./in_grafana.ts";
import { logins } from "./logins.ts";
import { freshDatabase } from "./postgres.ts";
import { dropUsers } from "./roles.ts";
import { scans } from "./scans.ts";

export type { Account, User };
export { freshName } from "./accounts.ts";
export { refused, type Reply } from "./calls.ts";

export type Options = DepsOptions & {
  /** Makes a user with databases: `ada`. */
  user?: boolean;
  /** The service uses this Grafana, or one of the world's own. */
  grafana?: Partial<ConfiguredGrafana> & StandInOptions & {
    stand_in?: StandIn;
  };
  /** The master database and its login; by default a fresh one of the test server, as superuser. */
  master?: Address;
};

async function masterDatabase(master: Address | undefined) {
  if (!master) return await freshDatabase();
  const db = connect(master);
  await migrate(db);
  return { db, [Symbol.asyncDispose]: () => db.end({ timeout: 1 }) };
}

/** The stand-in, what the service is configured with, and its end. */
async function grafanaOf({ grafana }: Options) {
  if (!grafana) return undefined;
  const { stand_in, subPath, rightsSeconds, ...configured } = grafana;
  const options = Object.entries({ subPath, rightsSeconds }).filter((
    [, value],
  ) => value !== undefined);
  const stand = stand_in ?? await startGrafana(Object.fromEntries(options));
  const { admin: key, viewer: capture_key } = stand.tokens;
  return {
    stand,
    outside: { grafana: { base: stand.url, key, capture_key, ...configured } },
    end: async () => stand_in || await stand[Symbol.asyncDispose](),
  };
}

/**
 * The real app on a port of its own, over a fresh database of the test server, without clock and browser:
 * a test runs the jobs itself. Its users' databases go with it.
 */
export async function startWorld(options: Options = {}) {
  const fresh = await masterDatabase(options.master);
  const { db } = fresh;
  const grafana = await grafanaOf(options);
  const outside: Partial<Outside> = { ...grafana?.outside, ...options.outside };
  const deps = await makeDeps(db, { ...options, outside }, options.master);
  const events = await listenForEvents(db);
  const stopped = new AbortController();
  const inbox = openInbox(deps, stopped.signal);
  const app = await makeApp({
    ...deps,
    inbox,
    events,
    stopped: stopped.signal,
    look(who) {
      adminOnly(who);
      return scan(deps, never);
    },
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, automaticCompression: true, onListen() {} },
    (request, { remoteAddr }) => app.fetch(request, { from: remoteAddr.hostname }),
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  await recordTick(db, "the clock of the tests");
  const admin = await ensureAdmin(db, options.adminKey) ?? options.adminKey!;
  const base = { db, deps, inbox, app, origin, admin, lines: deps.lines, servers: deps.servers };
  const called = { ...base, ...calls(origin, admin, await fetchDocument(origin), deps.signingKey) };
  const known = { ...called, ...accounts(called, { ready: !grafana }) };
  const entered = { ...known, ...logins(known) };
  const ada = options.user ? await known.addUser() : undefined;
  const watched = { ...entered, ...scans(entered, ada) };
  const world = { ...watched, ...inGrafana(watched, grafana?.stand, ada) };
  return Object.assign(world, {
    /** Does `first`, commits it when `n` of what `then` began wait for its lock; the latter's result. */
    async behind<T>(n: number, first: (tx: Db) => Promise<unknown>, then: () => Promise<T>) {
      let result!: Promise<T>;
      await db.begin(async (tx) => {
        await first(tx);
        result = then();
        const deadline = Date.now() + 10_000;
        for (let waiting = 0; waiting < n && Date.now() < deadline;) {
          waiting = (await db`
            select 1 from pg_stat_activity
            where wait_event_type = 'Lock' and datname = current_database()`)
            .length;
        }
      });
      return await result;
    },
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await inbox.idle();
      await events.close();
      await server.shutdown();
      for (const { username } of await db`select username from users`) {
        known.names.add(username);
      }
      if (!options.master) await dropUsers(db, [...known.names]);
      await deps.servers.close();
      await deps.imports.spool.close();
      await fresh[Symbol.asyncDispose]();
      await grafana?.end();
    },
  });
}
export type World = Awaited<ReturnType<typeof startWorld>>;
