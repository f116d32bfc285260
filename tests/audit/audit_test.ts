import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { audited, SYSTEM } from "../../src/audit/audit.ts";
import { connect } from "../../src/external/postgres/postgres.ts";
import { testServer } from "../help/world/postgres.ts";
import {
  freshName,
  refused,
  type Reply,
  startWorld,
  type User,
  type World,
} from "../help/world/world.ts";

type Call = (method: string, path: string, json?: unknown, key?: string) => Promise<Reply>;

/** Every action that is recorded, as the line that stands of it. */
async function doEverything(api: World, ada: User): Promise<string[]> {
  const call: Call = (method, path, json, key) =>
    api.call(method, path, { json, key: key ?? api.admin });
  const many = `/users/${ada.id}/credentials`;
  const key = ada.api_key;
  const said: string[] = [];
  async function action(
    reply: Promise<Reply>,
    status: number,
    actor: string,
    what: string,
    outcome = "ok",
  ) {
    const got = await reply;
    equal(got.status, status, `${what} ${got.text}`);
    said.unshift(`${actor}: ${what} ${outcome}`);
  }
  const me = ada.username;
  const token = { key_name: "TOKEN", key_value: "a first value" };
  const value = { key_value: "a second value" };
  await action(call("POST", many, token, key), 201, me, `credential.create ${me}/TOKEN`);
  await action(call("POST", many, token, key), 409, me, `credential.create ${me}/TOKEN`, "refused");
  await action(call("GET", `${many}/TOKEN`), 200, "admin", `credential.reveal ${me}/TOKEN`);
  await action(
    call("GET", `${many}/NO`, undefined, key),
    404,
    me,
    `credential.reveal ${me}/NO`,
    "refused",
  );
  await action(call("PUT", `${many}/TOKEN`, value), 200, "admin", `credential.change ${me}/TOKEN`);
  await action(
    call("PUT", `${many}/NO`, value),
    404,
    "admin",
    `credential.change ${me}/NO`,
    "refused",
  );
  await action(
    call("GET", `${many}/TOKEN/versions/1`, undefined, key),
    200,
    me,
    `credential.reveal ${me}/TOKEN`,
  );
  const back = `${many}/TOKEN/rollback`;
  await action(call("POST", back, { version: 1 }), 200, "admin", `credential.rollback ${me}/TOKEN`);
  await action(
    call("POST", back, { version: 9 }, key),
    404,
    me,
    `credential.rollback ${me}/TOKEN`,
    "refused",
  );
  await action(
    call("POST", `${many}/TOKEN/test`),
    409,
    "admin",
    `credential.test ${me}/TOKEN`,
    "refused",
  );
  await action(
    call("DELETE", `${many}/TOKEN`, undefined, key),
    204,
    me,
    `credential.remove ${me}/TOKEN`,
  );
  await action(
    call("DELETE", `${many}/TOKEN`),
    404,
    "admin",
    `credential.remove ${me}/TOKEN`,
    "refused",
  );
  await action(
    call("POST", `/users/${ada.id}/api-key`, { grace_seconds: 99 }),
    201,
    "admin",
    `key.rotate ${me}`,
  );
  const user = `/users/${ada.id}`;
  await action(
    call("PATCH", user, { role: "admin" }, key),
    403,
    me,
    `user.change ${me}`,
    "refused",
  );
  await action(call("DELETE", user, undefined, key), 403, me, `user.remove ${me}`, "refused");
  await action(call("PATCH", user, { is_active: true }), 200, "admin", `user.change ${me}`);
  await action(call("DELETE", user), 200, "admin", `user.remove ${me}`);
  return said;
}

Deno.test("each action is recorded, refused ones too, and found by user_id after the user is gone", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  const said = await doEverything(api, ada);
  same(await api.recorded(`&user_id=${ada.id}`), said);
  const { body } = await api.call("GET", `/audit?user_id=${ada.id}&action=key.rotate`);
  equal(body.entries.length, 1);
  const [{ id, at, ...entry }] = body.entries;
  ok(Number.isInteger(id) && Math.abs(Date.parse(at) - Date.now()) < 60_000);
  same(entry, {
    actor: "admin",
    action: "key.rotate",
    subject: ada.username,
    user_id: ada.id,
    from: "127.0.0.1",
    outcome: "ok",
  });
  const anew = await api.addAccount({ username: ada.username });
  same(await api.recorded(`&user_id=${anew.id}`), [], "a new user of the name has no history");
});

Deno.test("making a user is recorded under its id; a refused one under none", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  const { username } = ada;
  refused(await api.call("POST", "/users", { json: { username } }), 409, "user_exists");
  const other = freshName();
  const sent = { key: ada.api_key, json: { username: other } };
  refused(await api.call("POST", "/users", sent), 403, "admin_only");
  refused(await api.call("DELETE", "/users/1"), 409, "last_admin");
  same(await api.recorded(), [
    "admin: user.remove admin refused",
    `${username}: user.create ${other} refused`,
    `admin: user.create ${username} refused`,
    `admin: user.create ${username} ok`,
  ]);
  same(await api.recorded(`&user_id=${ada.id}`), [`admin: user.create ${username} ok`]);
  const headers = { "content-type": "application/x-www-form-urlencoded", origin: api.origin };
  const body = new URLSearchParams({ api_key: ada.api_key }).toString();
  await api.send("POST", "/sign-in", { headers, body });
  same(await api.recorded("&action=session.start"), [`${username}: session.start ${username} ok`]);
});

Deno.test("no record, no action: what cannot be recorded does not happen", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  const many = `/users/${ada.id}/credentials`;
  await api.call("POST", many, { json: { key_name: "TOKEN", key_value: "a first value" } });
  await api.call("PUT", `${many}/TOKEN`, { json: { key_value: "a second value" } });
  const tables = [
    "users",
    "api_keys",
    "credentials",
    "credential_versions",
    "workspaces",
    "sessions",
  ];
  const standing = async () => {
    const all = [];
    for (const table of tables) {
      const rows = await api.db`
        select (to_jsonb(t) - 'last_used_at' - 'last_used_from')::text as row
        from ${api.db(table)} t order by 1`;
      all.push(...rows.map(({ row }) => row));
    }
    return all;
  };
  const before = await standing();
  await api.db`alter table audit add constraint planted check (actor = 'nobody') not valid`;
  const value = { key_value: "a third value" };
  const username = freshName();
  for (
    const [method, path, json] of [
      ["POST", "/users", { username }],
      ["PATCH", `/users/${ada.id}`, { is_active: false }],
      ["PATCH", `/users/${ada.id}`, { role: "admin" }],
      ["DELETE", `/users/${ada.id}`],
      ["DELETE", `/users/${ada.id}?databases=drop`],
      ["POST", `/users/${ada.id}/api-key`],
      ["POST", many, { key_name: "OTHER", ...value }],
      ["GET", `${many}/TOKEN`],
      ["PUT", `${many}/TOKEN`, value],
      ["DELETE", `${many}/TOKEN`],
      ["GET", `${many}/TOKEN/versions/1`],
      ["POST", `${many}/TOKEN/rollback`, { version: 1 }],
      ["POST", `${many}/QOR_DATABASE_URL/test`],
      ["GET", `${many}/NONE`],
    ] as const
  ) {
    const reply = await api.call(method, path, { json });
    refused(reply, 500, "internal", `${method} ${path} ${reply.text}`);
    ok(!reply.text.includes("value"), reply.text);
  }
  const headers = { "content-type": "application/x-www-form-urlencoded", origin: api.origin };
  const body = new URLSearchParams({ api_key: ada.api_key }).toString();
  equal((await api.send("POST", "/sign-in", { headers, body })).status, 500);
  same(await standing(), before);
  const made = await api.db`
    select 1 from pg_database where datname::text like ${`${username}%`}
    union all select 1 from pg_roles where rolname::text like ${`${username}%`}`;
  equal(made.length, 0);
  const roles = await api.db`
    select rolcanlogin as may from pg_roles where rolname::text like ${`${ada.username}%`}`;
  same(roles.map(({ may }) => may), [true, true]);
});

Deno.test("the record is only ever added to, whoever the service's own role is", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  await api.call("POST", `/users/${ada.id}/api-key`);
  const name = `svc_${freshName()}`;
  await api.db.unsafe(`create role ${name} login password 'plain'`);
  const database = api.db.address.database;
  await api.db.unsafe(`grant all on all tables in schema public to ${name}`);
  await api.db.unsafe(`alter table audit owner to ${name}`);
  const { host, port } = await testServer();
  const own = connect({ host, port, user: name, password: "plain", database }, 1);
  try {
    for (const db of [api.db, own]) {
      for (
        const statement of [
          "update audit set actor = 'nobody'",
          "update audit set actor = 'nobody' where false",
          "delete from audit",
          "truncate audit",
          "insert into audit (id, actor, action, subject, from_address, outcome) " +
          "values (1, 'a', 'b', 'c', 'd', 'ok')",
          "merge into audit using (select 1) s on true when matched then delete",
          "insert into audit (actor, action, subject, from_address, outcome) " +
          "values ('a', 'b', 'c', 'd', 'perhaps')",
        ]
      ) await rejects(Promise.resolve(db.unsafe(statement)), statement);
    }
    equal((await own`select from audit`).length, 1);
    const references = await api.db`
      select conname from pg_constraint
      where contype = 'f' and 'audit'::regclass in (conrelid, confrelid)`;
    same([...references], [], "nothing refers to it, nor it to anything");
  } finally {
    await own.end({ timeout: 1 });
    await api.db.unsafe(`reassign owned by ${name} to current_user`);
    await api.db.unsafe(`drop owned by ${name}`);
    await api.db.unsafe(`drop role ${name}`);
  }
});

Deno.test("GET /audit pages newest first, and while records are added", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  await api.db`
    insert into audit (actor, action, subject, user_id, from_address, outcome)
    select 'system', case when i % 2 = 0 then 'credential.reveal' else 'key.rotate' end, 's' || i,
      ${ada.id}, '', 'ok' from generate_series(1, 130) i`;
  equal((await api.call("GET", "/audit")).body.entries.length, 50);
  refused(await api.call("GET", "/audit?limit=501"), 422, "invalid_input");
  refused(await api.call("GET", "/audit?action=user.fly"), 422, "invalid_input");
  const subjects: string[] = [];
  let cursor = "";
  do {
    const path = `/audit?limit=60&user_id=${ada.id}${cursor && `&cursor=${cursor}`}`;
    const { body } = await api.call("GET", path);
    subjects.push(...body.entries.map(({ subject }: { subject: string }) => subject));
    cursor = body.next_cursor;
    await api.call("POST", `/users/${ada.id}/api-key`);
  } while (cursor);
  same(subjects, Array.from({ length: 130 }, (_, i) => `s${130 - i}`));
  const { body } = await api.call("GET", "/audit?action=credential.reveal&limit=500");
  equal(`${body.entries.length} ${body.next_cursor}`, "65 null");
  same((await api.call("GET", "/audit?user_id=424242")).body, { entries: [], next_cursor: null });
  match(body.entries[0].at, /Z$/);
});

Deno.test("a deed that loses a deadlock to a step is done once that is through", async () => {
  await using api = await startWorld();
  const { db } = api;
  await db`create table a (n int); insert into a values (1)`.simple();
  await db`create table b (n int); insert into b values (1)`.simple();
  const held = Promise.withResolvers<void>();
  const action = { action: "user.change", subject: "ada", user_id: null } as const;
  let tries = 0;
  const step = db.begin(async (tx) => {
    await tx`set local deadlock_timeout = '10s'`; // so that the action is the one that gives way
    await tx`update a set n = 2`;
    await held.promise;
    await tx`update b set n = 2`;
  });
  await audited(db, SYSTEM, action, async (tx) => {
    tries++;
    await tx`set local deadlock_timeout = '50ms'`;
    await tx`update b set n = 3`;
    held.resolve();
    if (tries === 1) await new Promise((resolve) => setTimeout(resolve, 100));
    await tx`update a set n = 3`;
  });
  await step;
  ok(tries > 1, `${tries} tries`);
  same((await db`select a.n, b.n as m from a, b`).map(({ n, m }) => [n, m]), [[3, 3]]);
});
