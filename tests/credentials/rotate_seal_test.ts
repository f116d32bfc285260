import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import {
  changeCredential,
  revealCredential,
  sealCredential,
} from "../../src/credentials/credentials.ts";
import { checkSealKeys, signingKeyOf } from "../../src/credentials/installation.ts";
import { isSigned, sign } from "../../src/credentials/sign.ts";
import { importSealKey, loadSealKeys, type SealKeys } from "../../src/credentials/seal.ts";
import { ExternalError } from "../../src/errors.ts";
import { embeddedSealKeys, writeEmbeddedSealKeys } from "../../src/external/seal_key.ts";
import { LOCKS } from "../../src/external/postgres/lock.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { insertUser } from "../../src/users/store.ts";
import { renewSealKey, rotateSeal } from "../../src/credentials/rotation/rotate.ts";
import { replaceSealed, rowsUnderOtherKeys } from "../../src/credentials/rotation/store.ts";
import { readerAddress } from "../help/world/logins.ts";
import { openServers } from "../../src/workspaces/servers.ts";
import { sealLogins } from "../../src/workspaces/logins.ts";
import { insertWithPasswords } from "../../src/workspaces/password.ts";
import { freshDatabase, holdSession, testServer } from "../help/world/postgres.ts";
import { SEALED_CREDENTIALS } from "../../src/credentials/sealed.ts";
import { SEALED_COLUMNS } from "../../src/sealed.ts";
import { SILENT } from "../../src/external/log/log.ts";

const never = new AbortController().signal;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const bytes = (seed: number) => new Uint8Array(32).fill(seed);
const admin = { user_id: 0, username: "admin", role: "admin", from: "" } as const;
const place = { host: "127.0.0.1", port: 5432 };
const partsOf = async (db: Sql) => ({
  db,
  servers: await openServers(db, place, {}, []),
  installation: "test",
  outside: { slack_api_url: "http://127.0.0.1:1/api", allowed_hosts: [] },
  log: SILENT,
});

async function keysOf(current: number, previous?: number): Promise<SealKeys> {
  return {
    current: await importSealKey(bytes(current)),
    ...(previous ? { previous: await importSealKey(bytes(previous)) } : {}),
  };
}

/** A user with a workspace's passwords and URLs, and `n` credentials K0, K1, …, each with its own name as value. */
async function fill(db: Sql, sealKeys: SealKeys, username: string, n: number): Promise<number> {
  const user = await insertUser(db, username, "member");
  const { servers } = await partsOf(db);
  const passwords = await insertWithPasswords(db, sealKeys, { user_id: user.id, server: "" }, []);
  await sealLogins({ db, sealKeys }, { ...user, user_id: user.id }, servers.of(""), passwords);
  for (let i = 0; i < n; i++) {
    const credential = { key_name: `K${i}`, key_value: `${username} K${i}` };
    await sealCredential({ db, sealKeys }, user.id, credential, "admin");
  }
  return user.id;
}

/** How many texts name each key. */
async function keyIds(db: Sql): Promise<Record<string, number>> {
  const rows = await db<{ id: string; n: number }[]>`
    select split_part(sealed, '.', 2) as id, count(*) as n from (
      select key_value from credentials union all select key_value from credential_versions
      union all select owner_password from workspaces union all select reader_password from workspaces
      union all select value from settings where name = 'signing_key'
    ) all_of_it (sealed) group by 1 order by 1`;
  return Object.fromEntries(rows.map(({ id, n }) => [id, n]));
}

/** Reveals and changes credentials without a pause until it is stopped; a failed call fails it. */
function load(db: Sql, sealKeys: SealKeys, user_id: number) {
  const deps = { db, sealKeys, log: SILENT };
  let going = true;
  const counts = { reads: 0, writes: 0 };
  const latest = new Map<string, string>();
  const run = async (lane: number) => {
    for (let i = 0; going; i++) {
      const key_name = `K${lane * 10 + i % 10}`;
      const { key_value } = await revealCredential(deps, admin, user_id, key_name);
      equal(key_value, latest.get(key_name) ?? `ada ${key_name}`);
      counts.reads++;
      if (i % 3) continue;
      latest.set(key_name, `new ${i}`);
      await changeCredential(deps, admin, user_id, key_name, { key_value: `new ${i}` });
      counts.writes++;
    }
  };
  const workers = Promise.all([0, 1, 2].map(run));
  return {
    async stop() {
      going = false;
      await workers;
      return { ...counts, latest };
    },
  };
}

Deno.test("rotateSeal() seals all anew while a service with both keys reads and writes", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const old = await keysOf(1);
  const user_id = await fill(db, old, "ada", 30);
  await fill(db, old, "bob", 1200);
  const signature = await sign(await signingKeyOf(db, old), "a link");
  const service = load(db, await keysOf(2, 1), user_id);
  const reader = await readerAddress({ ...await partsOf(db), sealKeys: old }, user_id, "qor");
  const both = await keysOf(2, 1);
  const rotation = await rotateSeal({ db, log: SILENT, columns: SEALED_COLUMNS }, both, never);
  const { reads, writes, latest } = await service.stop();
  ok(reads > 20 && writes > 5, `${reads} reads, ${writes} writes`);
  same(rotation.unreadable, []);
  ok(rotation.resealed >= 1200, String(rotation.resealed));

  const alone = await keysOf(2);
  same(Object.keys(await keyIds(db)), [alone.current.id]);
  await checkSealKeys(db, alone, SEALED_COLUMNS);
  ok(await isSigned(await signingKeyOf(db, alone), "a link", signature));
  const deps = { ...await partsOf(db), sealKeys: alone };
  same(await readerAddress(deps, user_id, "qor"), reader);
  for (let i = 0; i < 30; i++) {
    const { key_value } = await revealCredential(deps, admin, user_id, `K${i}`);
    equal(key_value, latest.get(`K${i}`) ?? `ada K${i}`);
  }
  const again = await rotateSeal({ db, log: SILENT, columns: SEALED_COLUMNS }, both, never);
  same(again, { key: alone.current.id, resealed: 0, unreadable: [] });
});

Deno.test("rotateSeal() passes a held row over, and comes back to it and to what came meanwhile", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const old = await keysOf(1);
  const user_id = await fill(db, old, "ada", 30);
  const both = await keysOf(2, 1);
  const deps = { db, sealKeys: old, log: SILENT };
  let rotation: ReturnType<typeof rotateSeal> | undefined;
  await db.begin(async (tx) => {
    await tx`select from credentials where key_name = 'K7' for update`;
    rotation = rotateSeal({ db, log: SILENT, columns: SEALED_COLUMNS }, both, never);
    while ((await keyIds(db))[old.current.id] !== 1) await pause(20); // all but the held one
    await changeCredential(deps, admin, user_id, "K8", { key_value: "from a service of old" });
  });
  same((await rotation!).unreadable, []);
  same(Object.keys(await keyIds(db)), [both.current.id]);
  const alone = { db, sealKeys: await keysOf(2), log: SILENT };
  const { key_value } = await revealCredential(alone, admin, user_id, "K8");
  equal(key_value, "from a service of old");
});

Deno.test("replaceSealed() leaves what has changed since it was read", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const old = await keysOf(1);
  const user_id = await fill(db, old, "ada", 2);
  const read = await rowsUnderOtherKeys(db, SEALED_CREDENTIALS[0]!, "other", {
    id: -1,
    version: -1,
  }, 500);
  const ours = read.filter(({ key_name }) => key_name?.startsWith("K"));
  const deps = { db, sealKeys: old, log: SILENT };
  await changeCredential(deps, admin, user_id, "K1", { key_value: "newer" });
  const fresher = ours.map((row) => ({ ...row, fresh: `${row.sealed}AAAA` }));
  equal(await replaceSealed(db, SEALED_CREDENTIALS[0]!, fresher), 1);
  equal((await revealCredential(deps, admin, user_id, "K1")).key_value, "newer");
  await rejects(revealCredential(deps, admin, user_id, "K0"), { code: "credential_unreadable" });
});

Deno.test("rotateSeal() goes on where it was stopped", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const old = await keysOf(1);
  await fill(db, old, "ada", 1300);
  const stopping = new AbortController();
  const both = await keysOf(2, 1);
  const rotation = rotateSeal({ db, log: SILENT, columns: SEALED_COLUMNS }, both, stopping.signal);
  while (!((await keyIds(db))[both.current.id]! >= 500)) await pause(1);
  stopping.abort();
  await rejects(rotation, { name: "AbortError" });
  const half = await keyIds(db);
  ok(half[old.current.id]! > 0 && half[both.current.id]! > 0, JSON.stringify(half));
  const { resealed, unreadable } = await rotateSeal(
    { db, log: SILENT, columns: SEALED_COLUMNS },
    both,
    never,
  );
  equal(resealed, half[old.current.id]);
  same(unreadable, []);
});

Deno.test("rotateSeal() names the rows that do not open, does the others, and needs the old key no more", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const old = await keysOf(1);
  const ada = await fill(db, old, "ada", 5);
  await fill(db, old, "bob", 5);
  const deps = { db, sealKeys: old, log: SILENT };
  for (const key_value of ["one", "two"]) {
    await changeCredential(deps, admin, ada, "K1", { key_value });
  }
  await db`update credentials c set key_value = (
      select key_value from credentials b where b.key_name = c.key_name and b.user_id <> ${ada})
    where user_id = ${ada} and key_name = 'K2'`; // copied from bob
  await db`update credentials set key_value = left(key_value, -3) || 'AAA'
    where user_id = ${ada} and key_name = 'K3'`; // its value, not its data key
  await db`update credentials set key_value = 'plain' where user_id = ${ada} and key_name = 'K4'`;
  await db`update credential_versions set key_value = 'dk1.deadbeef.a.b' where version = 1`;
  await db`update workspaces set reader_password = owner_password where user_id = ${ada}`;
  const both = await keysOf(2, 1);
  const { unreadable } = await rotateSeal(
    { db, log: SILENT, columns: SEALED_COLUMNS },
    both,
    never,
  );
  const { id } = old.current;
  same(unreadable, [
    `ada/K2 (names the key ${id})`,
    `ada/K3 (names the key ${id})`,
    "ada/K4 (not a sealed text)",
    "ada/K1 version 1 (names the key deadbeef)",
    `ada's reader password (names the key ${id})`,
  ]);
  const alone = { db, sealKeys: await keysOf(2), log: SILENT };
  equal((await revealCredential(alone, admin, ada, "K0")).key_value, "ada K0");
  equal((await revealCredential(alone, admin, ada, "K1")).key_value, "two");
  await rejects(revealCredential(alone, admin, ada, "K2"), { code: "credential_unreadable" });
  // A key that was lost before is asked for; the one that everything was sealed anew from is not.
  await rejects(checkSealKeys(db, alone.sealKeys, SEALED_COLUMNS), /sealed with deadbeef:/);
  await db`delete from credential_versions where version = 1`;
  await checkSealKeys(db, alone.sealKeys, SEALED_COLUMNS);
  same(
    (await rotateSeal({ db, log: SILENT, columns: SEALED_COLUMNS }, both, never)).unreadable.length,
    4,
  );
});

Deno.test("rotateSeal() runs once at a time, and not without the key before", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  await fill(db, await keysOf(1), "ada", 1);
  const session = await holdSession(db);
  await session`select pg_advisory_lock(${LOCKS.rotation})`;
  await rejects(
    rotateSeal({ db, log: SILENT, columns: SEALED_COLUMNS }, await keysOf(2, 1), never),
    {
      code: "rotation_running",
    },
  );
  await session`select pg_advisory_unlock(${LOCKS.rotation})`;
  await session.release();
  const { current } = await keysOf(1);
  await rejects(
    rotateSeal({ db, log: SILENT, columns: SEALED_COLUMNS }, await keysOf(2), never),
    (error) => {
      ok(error instanceof ExternalError);
      match(error.message, new RegExp(`sealed with ${current.id}: set SEAL_KEY `));
      return true;
    },
  );
});

Deno.test("renewSealKey() changes the key in the file under a running service", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-rotate-" });
  const read = () => embeddedSealKeys(dataDir);
  const file = {
    read,
    write: (keys: Awaited<ReturnType<typeof read>>) => writeEmbeddedSealKeys(dataDir, keys),
  };
  const path = `${dataDir}/seal.key`;
  const lines = async () => (await Deno.readTextFile(path)).trim().split("\n");
  try {
    const ofService = await loadSealKeys(read);
    const first = ofService.current.id;
    const ada = await fill(db, ofService, "ada", 700);
    const [oldLine] = await lines();
    const service = load(db, ofService, ada);
    const stopping = new AbortController();
    const options = { makeNew: true, settleSeconds: 0.3 };
    const killed = renewSealKey(
      { db, log: SILENT, columns: SEALED_COLUMNS },
      file,
      options,
      stopping.signal,
    );
    while (Object.keys(await keyIds(db)).length < 2) await pause(1);
    stopping.abort();
    await rejects(killed, { name: "AbortError" });
    const half = await lines();
    equal(half.length, 2);
    equal(half[1], oldLine);

    const rotation = await renewSealKey(
      { db, log: SILENT, columns: SEALED_COLUMNS },
      file,
      options,
      never,
    );
    const { reads, writes } = await service.stop();
    ok(reads > 20 && writes > 5, `${reads} reads, ${writes} writes`);
    same(rotation.unreadable, []);
    same(await lines(), [half[0]]);
    equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    const after = await loadSealKeys(read);
    ok(after.current.id !== first && after.previous === undefined);
    same(Object.keys(await keyIds(db)), [after.current.id]);

    // Without --new there is nothing to do; with it, the service that still holds the last key follows.
    const none = await renewSealKey(
      { db, log: SILENT, columns: SEALED_COLUMNS },
      file,
      { ...options, makeNew: false },
      never,
    );
    same([none.resealed, await lines()], [0, [half[0]]]);
    await renewSealKey({ db, log: SILENT, columns: SEALED_COLUMNS }, file, options, never);
    const deps = { db, sealKeys: ofService, log: SILENT };
    match((await revealCredential(deps, admin, ada, "K699")).key_value, /^ada K699$/);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("deno task rotate-seal tells its progress, names what does not open, and shows no secret", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const ada = await fill(db, await keysOf(1), "ada", 3);
  await db`update credentials set key_value = key_value || 'AAAA'
    where user_id = ${ada} and key_name = 'K2'`;
  const { host, port, user, password } = await testServer();
  const run = async (env: Record<string, string>, ...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["task", "-q", "rotate-seal", ...args],
      cwd: new URL("../..", import.meta.url).pathname,
      env: {
        MASTER_DB_HOST: host,
        MASTER_DB_PORT: String(port),
        MASTER_DB_USER: user,
        MASTER_DB_PASS: password,
        MASTER_DB_NAME: new URL(fresh.url).pathname.slice(1),
        MASTER_DB_SSLMODE: "disable",
        ...env,
      },
    }).output();
    const text = new TextDecoder();
    return { code, said: text.decode(stdout) + text.decode(stderr) };
  };
  const both = { SEAL_KEY: bytes(2).toBase64(), SEAL_KEY_PREVIOUS: bytes(1).toBase64() };
  const { code, said } = await run(both);
  const [old, current] = [(await keysOf(1)).current.id, (await keysOf(2)).current.id];
  equal(code, 1, said);
  match(said, new RegExp(`^7 sealed anew; the key is ${current}\\.$`, "m"));
  match(said, new RegExp(`^  ada/K2 \\(names the key ${old}\\)$`, "m"));
  ok(
    ![both.SEAL_KEY, both.SEAL_KEY_PREVIOUS, "ada K", password].some((secret) =>
      said.includes(secret)
    ),
  );
  const wrong = await run(both, "--new");
  equal(wrong.code, 1);
  match(wrong.said, /--new is for the key in DATA_DIR\/seal.key/);
  await db`delete from credentials where key_name = 'K2'`;
  equal((await run(both)).code, 0);
});
