import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import {
  addUser,
  keyIn,
  makeHome,
  QUICK,
  type Service,
  signIn,
  tells,
  urlOf,
  waitFor,
} from "../help/service/service.ts";
import { startSlack } from "../help/slack.ts";
import { login } from "../help/world/postgres.ts";

const LOOKS = 3_000; // ms; in which a service of QUICK looks three times and settles once

/** A service with Slack, and ada with her QoR database. */
async function atWork(env: Record<string, string> = {}) {
  const all = new AsyncDisposableStack();
  const slack = all.use(await startSlack());
  const home = all.use(await makeHome());
  const service = await home.start({ ...QUICK, ...tells(slack), ...env });
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  const url = await urlOf(service, key, ada.id, "QOR");
  return {
    slack,
    home,
    url,
    service,
    key,
    ada,
    /** Writes as a flow does: it connects, writes and leaves. */
    async write(sql: string) {
      await using db = login(url);
      await db.unsafe(sql).simple();
    },
    told: async () => (await slack.messages()).map(({ text }) => text),
    row: async (id = 1) => (await service.call("GET", `/api/v1/dashboards/${id}`, { key })).body,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Makes the table where it is not there, and adds runs to it. */
const runs = (table: string, first: number, count: number) => `
  create table if not exists ${table} (run_date date, design text, area float8);
  insert into ${table} select date '2026-01-01' + i, 'core', i * 10.5
    from generate_series(${first}, ${first + count - 1}) i`;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

Deno.test("main.ts tells a second run once and not too soon, an unchanged table never again", async () => {
  await using work = await atWork({ UPDATE_MIN_SECONDS: "15" });
  const { service, key, write, told, row } = work;
  await write(runs("history", 1, 10));
  await waitFor("run 1", async () => (await told()).length === 1);
  const first = await waitFor("run 1 done", async () => {
    const seen = await row();
    return seen.step === "done" ? seen : undefined;
  });
  await write(runs("history", 11, 4));
  const wait = await waitFor("run 2 held back", async () => {
    const { body } = await service.call("POST", "/api/v1/scan", { key, json: {} });
    // What the reader noted is a table of ada's like any other.
    same(body.found.filter((table: { table_name: string }) => table.table_name !== "seen"), []);
    return body.waiting.find(({ why }: { why: string }) => why.startsWith("run 1"));
  });
  same(wait, {
    username: "ada",
    kind: "qor",
    schema_name: "public",
    table_name: "history",
    why: "run 1 started less than 15 s ago",
  });
  await waitFor("run 2", async () => (await told()).length === 2);
  await pause(LOOKS);
  same(await told(), [
    "QoR table history of ada: run 1, 10 rows, Area 105 (+10.5, worse)",
    "QoR table history of ada: run 2, 14 rows (+4), Area 147 (+10.5, worse)",
  ]);
  const second = await row();
  equal(second.run, 2);
  ok(Date.parse(second.slack_sent_at) - Date.parse(first.created_at) >= 15_000);
  ok(second.captured_at > first.captured_at);
  equal(second.slack_message.text, (await told())[1]);
  const { body } = await service.call("POST", "/api/v1/scan", { key, json: {} });
  same(body, { databases_opened: 0, found: [], waiting: [], ignored: [] });
});

Deno.test("main.ts shows a member its own and nothing of another's; a stranger nothing", async () => {
  await using work = await atWork();
  const { service, key, ada, write, slack, told } = work;
  await write(runs("history", 1, 5));
  await waitFor("the message", async () => (await told()).length === 1);
  const bob = await addUser(service, key, "bob");
  const link = new URL((await slack.messages())[0]!.blocks.at(-1).elements[0].url);

  const own = await service.call("GET", "/api/v1/dashboards", { key: ada.api_key });
  equal(own.body.dashboards.length, 1);
  const none = await service.call("GET", "/api/v1/dashboards", { key: bob.api_key });
  same(none.body, { dashboards: [], next_cursor: null });

  const foreign: [method: string, path: string][] = [
    ["GET", `/api/v1/dashboards?user_id=${ada.id}`],
    ["GET", "/api/v1/dashboards/1"],
    ["GET", "/api/v1/dashboards/1/preview.gif"],
    ["POST", "/api/v1/dashboards/1/retry"],
    ["POST", "/api/v1/dashboards/1/capture"],
    ["DELETE", "/api/v1/dashboards/1"],
    ["GET", `/api/v1/users/${ada.id}`],
    ["GET", `/api/v1/users/${ada.id}/credentials/QOR_DATABASE_URL`],
  ];
  const more: typeof foreign = [["GET", "/api/v1/users"], ["POST", "/api/v1/users"], [
    "POST",
    "/api/v1/scan",
  ]];
  for (const [method, path] of [...foreign, ...more]) {
    const json = path.endsWith("/users") ? { username: "eve" } : {};
    const sent = method === "POST" ? { json } : {};
    const { status, body } = await service.call(method, path, { ...sent, key: bob.api_key });
    equal(status, more.some(([, p]) => p === path) ? 403 : 404, `${method} ${path}`);
    same(Object.keys(body), ["error", "message", "code", "request_id"]);
    const stranger = await service.call(method, path, sent);
    equal(stranger.status, 401, `${method} ${path}`);
    equal(stranger.body.code, "key_missing");
  }

  const cookie = await signIn(service, bob.api_key);
  const page = await service.call("GET", "/dashboards", { cookie });
  ok(page.body.includes("No dashboards yet") && !page.body.includes("history"));
  for (const path of ["/boards/1", "/dashboards/1/message", "/api/v1/dashboards/1/preview.gif"]) {
    equal((await service.call("GET", path, { cookie })).status, 404, path);
  }
  for (const path of ["/dashboards", "/boards/1", "/dashboards/1/message", "/events"]) {
    const { status, headers } = await service.call("GET", path);
    equal(status, 303, path);
    match(headers.get("location")!, /^\/sign-in\?next=/);
  }
  const panel = { json: { panel_id: 1 } };
  equal((await service.call("POST", "/boards/1/query", panel)).status, 401);
  equal((await service.call("GET", `/boards/1${link.search}`)).status, 200);
  equal((await service.call("POST", `/boards/1/query${link.search}`, panel)).status, 200);
  for (const wrong of [`/boards/1${link.search}x`, `/boards/2${link.search}`]) {
    equal((await service.call("GET", wrong)).status, 403, "a signature is of one board");
  }
});

Deno.test("main.ts takes a new picture, retries what is stopped, and forgets what is removed", async () => {
  const folder = await Deno.makeTempDir();
  await using all = new AsyncDisposableStack();
  all.defer(() => Deno.remove(folder, { recursive: true }));
  const files = async () => (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  const work = all.use(await atWork({ GIF_CAPTURE_DIR: folder }));
  const { service, key, write, slack, told, row } = work;
  const post = (path: string) => service.call("POST", `/api/v1/dashboards/${path}`, { key });
  slack.faults.push({ method: "chat.postMessage", what: { error: "not_in_channel" }, times: 1 });
  await write(runs("history", 1, 5));
  const stopped = await waitFor("a stopped row", async () => {
    const seen = await row();
    return seen.stopped ? seen : undefined;
  });
  equal(stopped.step, "notify");
  match(stopped.last_error, /^The app is not in #/);
  const retried = await post("1/retry");
  same([retried.status, retried.body.stopped], [202, false]);
  await waitFor("the message", async () => (await row()).slack_sent_at);
  const refused = await post("1/retry");
  same([refused.status, refused.body.code], [409, "not_stopped"]);

  const before = await row();
  equal((await post("1/capture")).status, 202);
  const after = await waitFor("a newer picture", async () => {
    const seen = await row();
    return seen.step === "done" && seen.captured_at > before.captured_at ? seen : undefined;
  });
  same([after.run, after.slack_sent_at], [1, before.slack_sent_at]);

  same((await files()).sort(), ["dashboard-1-run-1.gif", "dashboard-1-run-1.png"]);
  const removed = await service.call("DELETE", "/api/v1/dashboards/1", { key });
  equal(removed.status, 204);
  await waitFor("the files' end", async () => (await files()).length === 0);
  await write(runs("history", 6, 5));
  await pause(LOOKS);
  for (const path of ["/api/v1/dashboards/1", "/api/v1/dashboards/1/preview.gif", "/boards/1"]) {
    const { status } = await service.call("GET", path, {
      key,
      ...(path.startsWith("/boards") && { cookie: await signIn(service, key) }),
    });
    equal(status, 404, path);
  }
  same(await dashboards(service, key), []);
  equal((await told()).length, 1);

  await write(`drop table history; ${runs("history", 1, 3)}`);
  await waitFor("its message", async () => (await told()).length === 2);
  match((await told())[1]!, /^QoR table history of ada: run \d, 3 rows/);
  const [back] = await dashboards(service, key);
  same([back.table_name, back.archived_at], ["history", null]);
});

// deno-lint-ignore no-explicit-any
async function dashboards(service: Service, key: string): Promise<any[]> {
  return (await service.call("GET", "/api/v1/dashboards", { key })).body.dashboards;
}

Deno.test("main.ts runs what is planted in a user's database with the reader's rights at most", async () => {
  await using work = await atWork();
  const { service, key, write, told, home, url } = work;
  await using dba = await home.openMaster();
  await dba`alter role ada_reader reset default_transaction_read_only`; // so that a spy can write
  // What the service could meet there: names that shadow the system's, and a policy on the table itself.
  await write(`
    create schema evil;
    create table evil.seen (who text, super text, may_create text);
    grant usage on schema evil to public;
    grant insert, select on evil.seen to public;
    create function evil.spy() returns boolean language plpgsql as $$ begin
      insert into evil.seen values (current_user || ' ' || session_user,
        current_setting('is_superuser'), (select rolcreaterole or rolcreatedb or rolsuper
          from pg_catalog.pg_roles where rolname = current_user));
      return true;
    exception when others then return true; end $$;
    create function evil.now() returns timestamptz language plpgsql as
      $$ begin perform evil.spy(); return pg_catalog.now(); end $$;
    create function evil.md5(text) returns text language plpgsql as
      $$ begin perform evil.spy(); return pg_catalog.md5($1); end $$;
    create view evil.pg_class as select c.* from pg_catalog.pg_class c where evil.spy();
    grant select on evil.pg_class to public;
    alter database ada_qor set search_path = evil, pg_catalog, public;
    alter role ada_owner set search_path = evil, pg_catalog, public`);
  await write(runs("public.history", 1, 5));
  await write(`alter table public.history enable row level security;
    create policy spied on public.history for select to public using (evil.spy())`);
  await waitFor("the message", async () => (await told()).length === 1);
  const { body } = await service.call("POST", "/api/v1/scan", { key, json: {} });
  // What the reader noted is a table of ada's like any other.
  same(body.found.filter((table: { table_name: string }) => table.table_name !== "seen"), []);
  await using db = login(url);
  const seen = await db<{ who: string; super: string; may_create: string }[]>`
    select distinct who, super, may_create from evil.seen`;
  const [reader, ...others] = seen.filter(({ who }) => who !== "ada_owner ada_owner");
  same({ ...reader }, { who: "ada_reader ada_reader", super: "off", may_create: "false" });
  same(others, []);
  await using master = await home.openMaster();
  same([...await master`select 1 from pg_roles where rolname ~ '^ada' and rolsuper`], []);
});
