import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { databaseUrl } from "../../src/external/postgres/postgres.ts";
import { createNext } from "../../src/pipeline/create/create.ts";
import { advance, claimNext } from "../../src/pipeline/row.ts";
import { KINDS } from "../../src/workspaces/names.ts";
import { finishRemovals } from "../../src/accounts/remove.ts";
import { finishWorkspaces } from "../../src/accounts/steps.ts";
import { never } from "../help/time.ts";
import { refusal } from "../help/world/postgres.ts";
import { allOf, thereOf } from "../help/world/roles.ts";
import { freshName, startWorld, type User, type World } from "../help/world/world.ts";

const source = (path: string) => JSON.stringify(import.meta.resolve(`../../src/${path}`));

/** A process of its own that works on the same master database, until it is killed. */
function startProcess(app: World, work: string) {
  const url = databaseUrl(app.db.address);
  const script = `
    import { connect } from ${source("external/postgres/postgres.ts")};
    import { openServers } from ${source("workspaces/servers.ts")};
    import { importSealKey } from ${source("credentials/seal.ts")};
    import { createUser } from ${source("accounts/create.ts")};
    import { SILENT } from ${source("external/log/log.ts")};
    import { removeUser } from ${source("accounts/remove.ts")};
    import { finishWorkspaces } from ${source("accounts/steps.ts")};
    const { hostname: host, port, username: user, password, pathname } = new URL("${url}");
    const place = { host, port: Number(port) };
    const db = connect({ ...place, user, password: decodeURIComponent(password),
      database: pathname.slice(1) });
    const deps = {
      db,
      outside: { slack_api_url: "http://127.0.0.1:1/api", allowed_hosts: [] },
      installation: ${JSON.stringify(app.deps.installation)},
      servers: await openServers(db, place, {}, []),
      sealKeys: { current: await importSealKey(new Uint8Array(${
    JSON.stringify([...app.deps.sealKey])
  })) },
      log: SILENT,
    };
    const who = { user_id: 1, username: "admin", role: "admin", from: "" };
    console.log("started");
    ${work}
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", script],
    cwd: new URL("../..", import.meta.url),
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  return {
    async kill() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

async function until(what: string, check: () => Promise<boolean>) {
  const end = performance.now() + 30_000;
  while (!await check()) {
    if (performance.now() > end) throw new Error(`It did not come to: ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

Deno.test("workspaces that a killed process was making are finished by another one's job", async () => {
  await using app = await startWorld();
  const names = Array.from({ length: 6 }, freshName);
  const other = startProcess(
    app,
    `await Promise.all(${JSON.stringify(names)}.map((username) =>
      createUser(deps, who, { username, role: "member", adopt: false })));`,
  );
  await until(
    "a step of the third user",
    async () =>
      (await app
        .db`select 1 from workspace_steps where name = 'database_timing' and state = 'done'`)
        .length >= 3,
  );
  await other.kill();
  const [left] = await app.db`select count(*) as n from workspaces where ready_at is null`;
  ok(left!.n > 0, "all were ready before the kill");
  await until("ready", async () => {
    await app.db`update workspace_steps set next_try_at = now() where state = 'pending'`;
    await finishWorkspaces(app.deps, never);
    return (await app.db`select 1 from workspaces where ready_at is null`).length === 0;
  });
  const users = await app.db<User[]>`select id, username from users where username <> 'admin'`;
  ok(users.length >= 3);
  for (const user of users) {
    same(await thereOf(app.db, user.username), allOf(user.username));
    const { body } = await app.call("POST", `/users/${user.id}/check`, { json: {} });
    same(body, { ok: true, findings: [] });
    for (const kind of KINDS) {
      const name = `${kind.toUpperCase()}_DATABASE_URL`;
      equal((await app.credential(user, name)).version, 1);
    }
  }
  for (const name of names) {
    const made = users.some(({ username }) => username === name);
    if (!made) same(await thereOf(app.db, name), []);
  }
  for (const { id } of users) await app.call("DELETE", `/users/${id}?databases=drop`);
});

Deno.test("a removal that a kill left half done is finished by the job", async () => {
  await using app = await startWorld();
  const user = await app.addUser();
  await using owner = await app.loginAs(user, "owner", "qor");
  await owner`create table kept (n int)`;
  // The removal waits for this transaction, which holds one of the roles.
  const held = Promise.withResolvers<void>();
  const { promise: let_go, resolve } = Promise.withResolvers<void>();
  const holding = app.db.begin(async (tx) => {
    await tx`alter role ${tx(`${user.username}_reader`)} connection limit 5`;
    held.resolve();
    await let_go;
  });
  await held.promise;
  const other = startProcess(app, `await removeUser(deps, who, ${user.id}, "drop");`);
  await until(
    "the user is gone",
    async () => (await app.db`select 1 from retries`).length === 1,
  );
  await other.kill();
  resolve();
  await holding;
  equal(
    (await app.call("POST", "/users", { json: { username: user.username } })).body.code,
    "name_taken",
  );
  ok((await thereOf(app.db, user.username)).length > 0);
  await app.db`update retries set due_at = now()`;
  await finishRemovals(app.deps, never);
  same(await thereOf(app.db, user.username), []);
  equal((await app.db`select 1 from retries`).length, 0);
});

async function addTables(app: World, user: User, most: number) {
  await using owner = await app.loginAs(user, "owner");
  for (let i = 0; i < most; i++) {
    await owner`create table ${owner(`t${i}`)} as select n as slack from generate_series(1, 99) n`;
  }
}

/** On a loaded machine a time limit begun here ends a moment after the test. */
const UNTIMED = { sanitizeOps: false };

Deno.test(
  "a user removed while its tables are scanned and captured stops nothing for others",
  UNTIMED,
  async () => {
    await using app = await startWorld();
    const [going, staying] = [await app.addUser(), await app.addUser()];
    await addTables(app, going, 30);
    await addTables(app, staying, 3);
    await app.look();
    await until(
      "found tables",
      async () =>
        (await app.db`select 1 from scanned_tables`).length > 0 || (await app.look()) === null,
    );
    await app.db`update scanned_databases set counter = -1`;
    const [seen] = await Promise.all([
      app.look(),
      app.call("DELETE", `/users/${going.id}?databases=drop`),
    ]);
    ok(seen.databases_opened > 0);
    same(await thereOf(app.db, going.username), []);
    const rows = await app.db`select user_id from dashboards group by user_id`;
    ok(rows.every(({ user_id }) => user_id === staying.id));
    equal((await app.db`select 1 from scanned_tables where user_id = ${going.id}`).length, 0);

    await app.db`update scanned_tables set scan_at = now()`;
    await until("the other's tables", async () => {
      await app.look();
      return (await app.db`select 1 from dashboards`).length === 3;
    });
    const claim = (await claimNext(app.db, "create"))!;
    const removed = await app.call("DELETE", `/users/${staying.id}?databases=keep`);
    equal(removed.status, 200);
    equal(await advance(app.db, claim, "capture"), false);
    equal(await createNext(app.deps, never), false);
    equal((await app.look()).databases_opened, 0);
    for (const kind of KINDS) await app.call("DELETE", `/orphans/${staying.username}_${kind}`);
  },
);

Deno.test(
  "whatever goes wrong in one database, the look goes on in the others",
  UNTIMED,
  async () => {
    await using app = await startWorld();
    const [broken, fine] = [await app.addUser(), await app.addUser()];
    await addTables(app, fine, 1);
    // A password that does not open: nothing that a server said.
    await app.db`update workspaces set reader_password = 'AAAA' where user_id = ${broken.id}`;
    await until("the table of the other one", async () => {
      await app.look();
      return (await app.db`select 1 from dashboards where user_id = ${fine.id}`).length === 1;
    });
    ok(app.lines.some((line) => line.includes(`"username":"${broken.username}","kind":"qor"`)));
    equal(await refusal(app.look()), "");
    for (const { id } of [broken, fine]) await app.call("DELETE", `/users/${id}?databases=drop`);
  },
);
