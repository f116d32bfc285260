import { match, ok, strictEqual as equal } from "node:assert";
import { connect, type Sql } from "../../src/external/postgres/postgres.ts";
import { startSlack } from "../help/slack.ts";
import { MEMBER, TEAM } from "../help/slack_app/app_world.ts";
import { answerAt, commandOf, shownIn } from "../help/slack_app/ask.ts";
import { startSocketMode } from "../help/socket_mode.ts";
import { login, testServer } from "../help/world/postgres.ts";
import { freshName, startWorld } from "../help/world/world.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The forms that a secret could stand in. */
function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = bytes.toBase64({ omitPadding: true });
  // The last character depends on what follows.
  return [secret, json, encodeURIComponent(secret), bytes.toHex(), base64.slice(0, -1)];
}

/** Names of the secrets that stand somewhere in the text. */
function found(secrets: Map<string, string>, text: string): string[] {
  return [...secrets].filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([name]) => name);
}

/** Every row of every table, as a dump would hold it. */
async function dump(db: Sql): Promise<string> {
  const tables = await db`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`;
  ok(tables.length >= 12, `${tables.length} tables`);
  const rows = [];
  for (const { name } of tables) {
    rows.push(...await db.unsafe(`select t::text as row from ${name} t`));
  }
  rows.push(...await db`select query as row from pg_stat_activity`);
  return rows.map(({ row }) => row).join("\n");
}

/** The command lines of all programs but this one's own. */
async function commandLines(): Promise<string> {
  const lines: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === Deno.pid) continue;
    lines.push(await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => ""));
  }
  return lines.join("\n");
}

/** The service as people start it, over a database of its own on the test server. */
async function startService(env: Record<string, string>) {
  const server = await testServer();
  const database = `secrets_${freshName()}`;
  const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-secrets-" });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const machine = Object.fromEntries(
    ["PATH", "HOME", "DENO_DIR", "BROWSER_PATH"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value ? [[name, value]] : [];
    }),
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", "main.ts"],
    cwd: ROOT,
    clearEnv: true,
    env: {
      ...machine,
      NO_COLOR: "1",
      HOST: "127.0.0.1",
      PORT: `${port}`,
      DATA_DIR: dataDir,
      LOG_FILE: `${dataDir}/app.log`,
      LOG_LEVEL: "debug",
      MASTER_DB_HOST: server.host,
      MASTER_DB_PORT: `${server.port}`,
      MASTER_DB_USER: server.user,
      MASTER_DB_PASS: server.password,
      MASTER_DB_NAME: database,
      BROWSER_INSTALL: "no",
      ...env,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  const reading = [child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) log += text;
  });
  const db = connect({ ...server, database }, 2);
  return {
    origin: `http://127.0.0.1:${port}`,
    db,
    log: () => log,
    file: () => Deno.readTextFile(`${dataDir}/app.log`),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await Promise.all([child.status, ...reading]);
      await db.end({ timeout: 1 });
      await using api = await startWorld();
      await api.db`drop database if exists ${api.db(database)} with (force)`;
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

async function until<T>(what: () => Promise<T | undefined>, name: string): Promise<T> {
  for (const deadline = Date.now() + 40_000; Date.now() < deadline;) {
    const value = await what().catch(() => undefined);
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${name} did not come`);
}

Deno.test("no secret stands in a table, the log, an answer that need not carry it, or an argument", async () => {
  await using slack = await startSlack();
  await using socket = startSocketMode();
  slack.answering.set("apps.connections.open", socket.open);
  const secrets = new Map([
    ["app token", socket.token],
    ["signing secret", crypto.randomUUID()],
    ["response_url", crypto.randomUUID()],
    ["admin's key", `admin key ${crypto.randomUUID()}`],
    ["seal key", crypto.getRandomValues(new Uint8Array(32)).toBase64()],
    ["Slack token", slack.token],
    ["master password", (await testServer()).password],
    ["credential", `credential "ä" ${crypto.randomUUID()}`],
    ["new value", `new value ${crypto.randomUUID()}`],
    ["wrong body", `wrong body ${crypto.randomUUID()}`],
    ["database URL's password", crypto.randomUUID()],
  ]);
  const admin = secrets.get("admin's key")!;
  await using service = await startService({
    ADMIN_API_KEY: admin,
    SEAL_KEY: secrets.get("seal key")!,
    SLACK_BOT_TOKEN: slack.token,
    SLACK_CHANNEL_ID: slack.channel,
    SLACK_APP_TOKEN: socket.token,
    SLACK_SIGNING_SECRET: secrets.get("signing secret")!,
    SLACK_API_URL: slack.apiUrl.replace(/\/$/, ""),
    SCAN_SECONDS: "0.5",
    SETTLE_SECONDS: "0",
    CAPTURE_WIDTH: "320",
    CAPTURE_HEIGHT: "200",
    CAPTURE_FRAMES: "1",
  });
  const { origin, db } = service;
  const answers: string[] = [];
  const asked: string[] = [];
  /** `may`: the secrets that this answer is there to carry. */
  async function ask(
    method: string,
    path: string,
    json?: unknown,
    may: string[] = [],
    key = admin,
  ) {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const response = await fetch(origin + path, { method, headers, redirect: "manual", ...body });
    const text = await response.text();
    const said = `${method} ${path} ${response.status} ${text} ${[...response.headers].join("\n")}`;
    asked.push(`${method} ${path} ${response.status}`);
    const carried = found(secrets, said).filter((name) => !may.includes(name));
    equal(carried.join(), "", `${method} ${path}`);
    if (may.length > 0) {
      equal(response.headers.get("cache-control"), "no-store, no-transform", path);
    } else answers.push(said);
    return text ? JSON.parse(text) : undefined;
  }
  const api = (method: string, path: string, json?: unknown, may?: string[], key?: string) =>
    ask(method, `/api/v1${path}`, json, may, key);

  const isReady = async () => {
    const { ok } = await fetch(`${origin}/readyz`).then(async (r) => (await r.text(), r));
    return ok || undefined;
  };
  await until(isReady, "the service");
  const username = freshName();
  const itself = ["what is not known before"];
  const ada = await api("POST", "/users", { username }, itself);
  secrets.set("ada's first key", ada.api_key);
  const many = `/users/${ada.id}/credentials`;
  const { key_value: url } = await api("GET", `${many}/TIMING_DATABASE_URL`, undefined, itself);
  secrets.set("ada's database password", new URL(url).password);
  const { api_key } = await api("POST", `/users/${ada.id}/api-key`, { grace_seconds: 60 }, itself);
  secrets.set("ada's key", api_key);

  const credential = secrets.get("credential")!;
  const value = secrets.get("new value")!;
  await api("POST", many, { key_name: "TOKEN", key_value: credential });
  await api("POST", many, { key_name: "TOKEN", key_value: credential });
  await api("PUT", `${many}/TOKEN`, { key_value: value }, [], api_key);
  await api("GET", `${many}/TOKEN`, undefined, ["new value"], ada.api_key);
  await api("GET", `${many}/TOKEN/versions/1`, undefined, ["credential"]);
  await api("POST", `${many}/TOKEN/rollback`, { version: 1 });
  await api("GET", `${many}/TOKEN/versions`);
  await api("POST", `${many}/TOKEN/test`);
  await api("POST", `${many}/TIMING_DATABASE_URL/test`);
  const far = new URL("postgresql://u@127.0.0.1:1/d");
  far.password = secrets.get("database URL's password")!;
  await api("POST", many, { key_name: "FAR_DATABASE_URL", key_value: far.href });
  await api("POST", `${many}/FAR_DATABASE_URL/test`);
  await api("POST", many, { key_name: "SLACK_BOT_TOKEN", key_value: slack.token });
  await api("POST", many, { key_name: "SLACK_CHANNEL_ID", key_value: slack.channel });
  await api("POST", `${many}/SLACK_BOT_TOKEN/test`);
  for (
    const wrong of [{ key_value: 7, x: secrets.get("wrong body") }, {
      key_name: "A",
      key_value: [],
    }]
  ) {
    await api("POST", many, wrong);
    await api("PUT", `${many}/TOKEN`, { ...wrong, role: secrets.get("wrong body") });
  }
  await api("PATCH", `/users/${ada.id}`, { role: secrets.get("wrong body") });
  await api("GET", "/users", undefined, [], `${ada.api_key}x`);
  await db`insert into credentials (user_id, key_name, key_value)
    select 1, key_name, key_value from credentials where key_name = 'TOKEN'`;
  await api("GET", "/users/1/credentials/TOKEN");
  // Where no secret belongs: in a path, a query, a name.
  for (const name of ["ada's key", "Slack token", "master password"]) {
    const secret = encodeURIComponent(secrets.get(name)!);
    const path = `/dashboards/${secret}?signature=${secret}`;
    await (await fetch(origin + path, { redirect: "manual" })).body?.cancel();
  }

  {
    await using owner = login(url);
    await owner`create table signoff (run int, corner text, setup_wns float8)`;
    await owner`insert into signoff values (1, 'ss', -0.25), (2, 'tt', 0.5)`;
  }
  const row = await until(async () => {
    const { dashboards } = await api("GET", `/dashboards?user_id=${ada.id}`);
    return dashboards.find(({ step, last_error }: Record<string, string>) =>
      step === "done" || last_error
    );
  }, "the message");
  equal(`${row.step} ${row.last_error}`, "done null");
  await api("GET", `/dashboards/${row.id}`);
  equal((await slack.messages()).length, 1);
  const response_url = `${slack.responseUrl}/${secrets.get("response_url")}`;
  const place = { team: TEAM, channel: slack.channel, user: MEMBER, response_url };
  const command = socket.envelope("slash_commands", commandOf("latest signoff", place));
  equal(await socket.deliver(command), true, "by socket mode");
  const said = await until(() => Promise.resolve(answerAt({ slack }, response_url)), "the answer");
  match(shownIn(said), /signoff of .*Setup WNS 0\.5/s);
  const arguments_ = await commandLines();

  for (const path of ["/users", `/users/${ada.id}`, "/me", many, "/audit", "/openapi.json"]) {
    await api("GET", path);
  }
  await api("PATCH", `/users/${ada.id}`, { is_active: false });
  await api("DELETE", `${many}/FAR_DATABASE_URL`);
  equal(found(secrets, answers.join("\n")).join(), "", "in an answer");
  equal(found(secrets, await dump(db)).join(), "", "in a table");
  equal(found(secrets, arguments_).join(), "", "in a process's arguments");
  equal(found(secrets, JSON.stringify(await slack.messages())).join(), "", "in a message");
  await api("DELETE", `/users/${ada.id}?databases=drop`);
  equal(found(secrets, await dump(db)).join(), "", "in a table afterwards");
  const log = service.log();
  match(log, /ERROR.*credential_unreadable/);
  ok(log.includes("/credentials/TOKEN/rollback 200"), "the log is this service's own");
  equal(found(secrets, log).join(), "", log);
  const file = await service.file();
  match(file, /"level":"DEBUG"/);
  equal(found(secrets, file).join(), "", file);
  ok(asked.some((line) => line.endsWith(" 500")) && asked.some((line) => line.endsWith(" 409")));
});

Deno.test("found() sees a secret in each of its forms", () => {
  const secrets = new Map([["one", 'a "secret" ä']]);
  const bytes = new TextEncoder().encode('a "secret" ä');
  for (
    const text of [
      'x a "secret" ä x',
      JSON.stringify({ a: 'a "secret" ä' }),
      `?a=${encodeURIComponent('a "secret" ä')}`,
      `\\x${bytes.toHex()}`,
      bytes.toBase64(),
    ]
  ) equal(found(secrets, text).join(), "one", text);
  equal(found(secrets, "another secret").join(), "");
});
