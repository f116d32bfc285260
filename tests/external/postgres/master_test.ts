import { ok, rejects, strictEqual as equal } from "node:assert";
import { ExternalError } from "../../../src/errors.ts";
import { connectMaster } from "../../../src/external/postgres/master.ts";
import { connect } from "../../../src/external/postgres/postgres.ts";
import { scoped, testServer } from "../../help/world/postgres.ts";
import { dropUsers } from "../../help/world/roles.ts";
import { freshName } from "../../help/world/world.ts";

/** The name of a database that is not there yet, and is dropped at the end. */
async function start() {
  const server = await testServer();
  const admin = connect({ ...server, database: "postgres" }, 1);
  const database = freshName();
  return {
    server,
    admin,
    address: { ...server, database },
    async [Symbol.asyncDispose]() {
      await admin`drop database if exists ${admin(database)} with (force)`;
      await admin.end({ timeout: 1 });
    },
  };
}

Deno.test("connectMaster() makes the database when it is missing, and finds it the next time", async () => {
  await using test = await start();
  {
    await using db = scoped(await connectMaster(test.address));
    const [row] = await db`select pg_encoding_to_char(encoding)::text as encoding
      from pg_database where datname = current_database()`;
    equal(row!.encoding, "UTF8");
    await db`create table kept (a int)`;
  }
  const both = await Promise.all([connectMaster(test.address), connectMaster(test.address)]);
  for (const db of both) {
    equal((await db`select a from kept`).length, 0);
    await db.end();
  }
});

Deno.test("connectMaster() makes one database when two services start at once", async () => {
  await using test = await start();
  const both = await Promise.allSettled([connectMaster(test.address), connectMaster(test.address)]);
  for (const result of both) {
    ok(result.status === "fulfilled", `${result.status === "rejected" && result.reason}`);
    await result.value.end();
  }
});

Deno.test("connectMaster() makes a database that users' roles do not enter", async () => {
  await using test = await start();
  const db = await connectMaster(test.address);
  await db.end();
  const name = freshName();
  await test.admin.unsafe(`create role ${name}_owner login password 'x'`);
  try {
    const login = { ...test.address, user: `${name}_owner`, password: "x" };
    await using intruder = scoped(connect(login, 1));
    await rejects(intruder`select pg_advisory_lock(7203513)`, /permission denied for database/);
  } finally {
    await dropUsers(test.admin, [name]);
  }
});

Deno.test("connectMaster() says what to do, and no password", async () => {
  await using test = await start();
  const why = async (address: Parameters<typeof connectMaster>[0]) => {
    const error = await connectMaster(address).then(() => undefined, (error) => error);
    ok(error instanceof ExternalError, String(error));
    ok(!error.message.includes("hunter2"));
    return error.message;
  };
  const away = await why({ ...test.address, port: 1, password: "hunter2" });
  ok(away.includes("cannot be reached") && away.includes("MASTER_DB_HOST"), away);
  const wrong = await why({ ...test.address, password: "hunter2" });
  ok(wrong.includes("refuses the login") && wrong.includes("MASTER_DB_PASS"), wrong);

  const name = freshName();
  await test.admin.unsafe(`create role ${name}_owner login password 'x'`);
  try {
    const poor = await why({ ...test.address, user: `${name}_owner`, password: "x" });
    ok(poor.includes("CREATEDB"), poor);
  } finally {
    await dropUsers(test.admin, [name]);
  }
});
