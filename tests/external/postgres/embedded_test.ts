import {
  deepStrictEqual as same,
  match,
  ok,
  rejects,
  strictEqual as equal,
} from "node:assert/strict";
import { dirname } from "node:path";
import { ExternalError } from "../../../src/errors.ts";
import {
  type EmbeddedServer,
  type ServerAddress,
  startEmbedded,
} from "../../../src/external/postgres/embedded.ts";
import { connect } from "../../../src/external/postgres/postgres.ts";
import { keptIn } from "../../help/log.ts";

/** A data folder inside a folder that only this user may enter; its server is stopped at the end. */
async function scratch() {
  const parent = await Deno.makeTempDir({ prefix: "dashkeeper-embedded-" });
  const dataDir = `${parent}/data`;
  const said: string[] = [];
  const servers: EmbeddedServer[] = [];
  const start = async (more: { forbidNamespaces?: boolean; signal?: AbortSignal } = {}) => {
    const log = keptIn(said);
    const server = await startEmbedded({ dataDir, log, fsync: false, ...more });
    servers.push(server);
    return server;
  };
  return {
    dataDir,
    said,
    start,
    async [Symbol.asyncDispose]() {
      if (await pidIn(dataDir)) await start().catch(() => {}); // one that a killed process left
      for (const server of servers) await server.stop();
      const cluster = await Deno.realPath(`${dataDir}/postgres`).catch(() => "");
      if (cluster.startsWith("/var/lib/")) {
        await Deno.remove(dirname(cluster), { recursive: true });
      }
      await Deno.remove(parent, { recursive: true });
    },
  };
}

async function query<T extends Record<string, unknown>>(server: ServerAddress, sql: string) {
  const db = connect({ ...server, database: "postgres" }, 1);
  try {
    return [...await db.unsafe<T[]>(sql)];
  } finally {
    await db.end();
  }
}

/** The postmaster's process id, undefined when the server was stopped in order. */
async function pidIn(dataDir: string): Promise<number | undefined> {
  const text = await Deno.readTextFile(`${dataDir}/postgres/postmaster.pid`).catch(() => "");
  return Number(text.split("\n")[0]) || undefined;
}

function refused(sentence: RegExp) {
  return (error: unknown) => {
    ok(error instanceof ExternalError, String(error));
    ok(error.permanent);
    match(error.message, sentence);
    return true;
  };
}

Deno.test("startEmbedded() makes a closed UTF-8 server and keeps port, password and data", async () => {
  await using place = await scratch();
  const { dataDir } = place;
  const first = await place.start();
  const shown = await query(
    first,
    `select getdatabaseencoding() as encoding, upper('é') as upper, rolname::text, rolsuper,
      current_setting('listen_addresses') as listen, current_setting('max_connections') as most,
      current_setting('unix_socket_directories') as sockets,
      current_setting('password_encryption') as passwords, inet_server_port() as port
    from pg_roles where rolname = current_user`,
  );
  same(shown, [{
    encoding: "UTF8",
    upper: "É",
    rolname: "dashkeeper",
    rolsuper: true,
    listen: "127.0.0.1",
    most: "200",
    sockets: "",
    passwords: "scram-sha-256",
    port: first.port,
  }]);
  ok(first.port < 32_768);
  await query(first, "create table kept as select 1 as n");
  equal((await Deno.stat(dataDir)).mode! & 0o777, 0o700);
  equal((await Deno.stat(`${dataDir}/postgres.json`)).mode! & 0o777, 0o600);
  await first.stop();
  await first.stop();
  equal(await pidIn(dataDir), undefined);
  const names = await Array.fromAsync(Deno.readDir(dataDir), ({ name }) => name);
  same(names.sort(), [
    "postgres",
    "postgres.json",
    "postgres.log",
    "postgres.start.lock",
    "postgres.use.lock",
  ]);

  const { stop, ...again } = await place.start();
  const { stop: _, ...before } = first;
  same(again, before);
  same(await query(again, "select n from kept"), [{ n: 1 }]);
  await rejects(query({ ...again, password: "guess" }, "select 1"), { code: "28P01" });
  await stop();
});

Deno.test("startEmbedded() shares one server, which the last user stops", async () => {
  await using place = await scratch();
  await Deno.mkdir(`${place.dataDir}/postgres.new/base`, { recursive: true }); // a killed initdb's
  const [one, two] = await Promise.all([place.start(), place.start()]);
  const pid = await pidIn(place.dataDir);
  equal(place.said.filter((line) => line.includes(" started on port ")).length, 1);
  await one.stop();
  equal(await pidIn(place.dataDir), pid);
  same(await query(two, "select 1 as n"), [{ n: 1 }]);
  await two.stop();
  equal(await pidIn(place.dataDir), undefined);
});

Deno.test("startEmbedded() adopts the server of a killed process", async () => {
  await using place = await scratch();
  const module = import.meta.resolve("../../../src/external/postgres/embedded.ts");
  const silent = import.meta.resolve("../../../src/external/log/log.ts");
  const script = `
    const { startEmbedded } = await import(${JSON.stringify(module)});
    const { SILENT: log } = await import(${JSON.stringify(silent)});
    await startEmbedded({ dataDir: Deno.args[0], fsync: false, log });
    console.log("up");
    setInterval(() => {}, 1000);`;
  await using service = new Deno.Command(Deno.execPath(), {
    args: ["eval", script, place.dataDir],
    stdout: "piped",
  }).spawn();
  const reader = service.stdout.getReader();
  await reader.read();
  service.kill("SIGKILL");
  await service.status;
  await reader.cancel();
  const pid = await pidIn(place.dataDir);
  ok(pid);
  const adopted = await place.start();
  equal(await pidIn(place.dataDir), pid);
  match(place.said.join(), /was running/);
  const [, state] = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ");
  const [, , group, session] = state!.split(" ").map(Number);
  same([group, session], [pid, pid]); // out of reach of a terminal's Ctrl-C
  await adopted.stop();
  equal(await pidIn(place.dataDir), undefined);
});

Deno.test("startEmbedded() recovers from a killed server whose number another program has", async () => {
  await using place = await scratch();
  const lost = await place.start();
  await query(lost, "create table kept as select 1 as n");
  Deno.kill((await pidIn(place.dataDir))!, "SIGKILL");
  const back = await place.start(); // its children may still be there
  same(await query(back, "select n from kept"), [{ n: 1 }]);
  Deno.kill((await pidIn(place.dataDir))!, "SIGKILL");
  const file = `${place.dataDir}/postgres/postmaster.pid`;
  const text = await Deno.readTextFile(file);
  await using stranger = new Deno.Command("sleep", { args: ["60"] }).spawn();
  await Deno.writeTextFile(file, text.replace(/^\d+/, String(stranger.pid)));
  const again = await place.start();
  same(await query(again, "select n from kept"), [{ n: 1 }]);
  await Promise.all([lost.stop(), back.stop(), again.stop()]);
  equal(await pidIn(place.dataDir), undefined);
});

Deno.test("startEmbedded() names a taken port, a foreign version and a lost password", async () => {
  await using place = await scratch();
  const { dataDir } = place;
  const { port, stop } = await place.start();
  await stop();

  const other = Deno.listen({ hostname: "127.0.0.1", port });
  await rejects(place.start(), refused(new RegExp(`Port ${port} .* is taken by another program`)));
  other.close();

  const settings = await Deno.readTextFile(`${dataDir}/postgres.json`);
  await Deno.writeTextFile(`${dataDir}/postgres.json`, JSON.stringify({ port, password: "x" }));
  await rejects(place.start(), refused(/refuses the password in postgres.json/));
  equal(await pidIn(dataDir), undefined);
  await Deno.remove(`${dataDir}/postgres.json`);
  await rejects(place.start(), refused(/postgres.json.* is missing or damaged/));
  await Deno.writeTextFile(`${dataDir}/postgres.json`, settings);

  const version = await Deno.readTextFile(`${dataDir}/postgres/PG_VERSION`);
  await Deno.writeTextFile(`${dataDir}/postgres/PG_VERSION`, "7\n");
  await rejects(place.start(), refused(/is of PostgreSQL 7, but this machine has only .*\d+\.\d/));
  await Deno.writeTextFile(`${dataDir}/postgres/PG_VERSION`, version);

  await (await place.start()).stop();
});

Deno.test("startEmbedded() names a folder that is none", async () => {
  await using place = await scratch();
  await Deno.writeTextFile(place.dataDir, "a file");
  await rejects(place.start(), refused(/data cannot be written \(EEXIST\)/));
});

Deno.test("startEmbedded() gives up when it is stopped, and leaves no server", async () => {
  await using place = await scratch();
  const stopped = new AbortController();
  const start = place.start({ signal: stopped.signal });
  setTimeout(() => stopped.abort(), 300);
  await rejects(start, { name: "AbortError" });
  equal(await pidIn(place.dataDir), undefined);
});

Deno.test("startEmbedded() logs neither statements nor the users' errors", async () => {
  await using place = await scratch();
  const server = await place.start();
  await rejects(query(server, "alter role nobody_here password 'hush-1'"));
  await rejects(query(server, "select 'hush-2'::int"));
  await server.stop();
  const log = await Deno.readTextFile(`${place.dataDir}/postgres.log`);
  match(log, /ready to accept connections/);
  ok(!log.includes("hush"));
});

Deno.test({
  name: "startEmbedded() as root without user namespaces runs as another user, elsewhere",
  ignore: Deno.uid() !== 0,
  async fn() {
    await using place = await scratch();
    const first = await place.start({ forbidNamespaces: true });
    await query(first, "create table kept as select 1 as n");
    const home = dirname(await Deno.realPath(`${place.dataDir}/postgres`));
    match(home, /^\/var\/lib\/dashkeeper\/[0-9a-f]{12}$/);
    const { uid, mode } = await Deno.stat(home);
    ok(uid);
    equal(mode! & 0o777, 0o700);
    equal((await Deno.stat(`/proc/${await pidIn(place.dataDir)}`)).uid, uid);
    match(place.said.join("\n"), new RegExp(`its files lie in ${home}`));
    await first.stop();

    const again = await place.start(); // the folder's owner says as whom
    same(await query(again, "select n from kept"), [{ n: 1 }]);
    await again.stop();

    await Deno.rename(home, `${home}.away`);
    await rejects(place.start(), refused(/points to .*, which is gone/));
    await Deno.rename(`${home}.away`, home);
  },
});
