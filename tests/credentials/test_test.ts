import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { startSlack } from "../help/slack.ts";
import { testServer } from "../help/world/postgres.ts";
import { type Options, refused, startWorld, type User } from "../help/world/world.ts";

type Recording = {
  request: { method: string; path: string; authorization?: string };
  response: { status: number; headers: Record<string, string>; body?: unknown; text?: string };
};
const recordings: Recording[] = JSON.parse(
  await Deno.readTextFile(new URL("../../../shared/data/grafana/api-9.4.json", import.meta.url)),
);

type Grafana = { origin: string; calls: string[]; [Symbol.asyncDispose](): Promise<void> };

/** Answers with what `answer` makes of a request, and keeps what came: `GET /api/org Bearer …`. */
function serve(answer: (request: Request) => Response | Promise<Response>): Grafana {
  const calls: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    calls.push(`${request.method} ${pathname} ${request.headers.get("authorization") ?? "-"}`);
    return answer(request);
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return { origin, calls, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** What the recorded Grafana said last to this path and key; the organisation is the same for all. */
function recorded({ method, url, headers }: Request): Response {
  const { pathname } = new URL(url);
  const key = headers.get("authorization") ?? undefined;
  const known =
    recordings.filter(({ request }) =>
      request.method === method && request.path === pathname && request.authorization === key
    ).at(-1) ?? recordings.find(({ request }) =>
      request.path === pathname && request.authorization === "Bearer glsa_token_Admin"
    );
  if (!known) return new Response("not recorded", { status: 404 });
  const { status, body, text } = known.response;
  return new Response(text ?? JSON.stringify(body), { status });
}

async function prepared(outside: Options["outside"] = {}) {
  const api = await startWorld({ outside });
  const ada = await api.addAccount();
  const many = `/users/${ada.id}/credentials`;
  const key = ada.api_key;
  return {
    api,
    ada,
    /** Stores the value, or a new one, and tries it. */
    /** `before` runs when the value is saved and not yet tried. */
    async tryOut(key_name: string, key_value: string, before = () => {}) {
      await api.call("DELETE", `${many}/${key_name}`, { key });
      const json = { key_name, key_value };
      equal((await api.call("POST", many, { key, json })).status, 201);
      before();
      return await api.call("POST", `${many}/${key_name}/test`, { key });
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

Deno.test("SLACK_BOT_TOKEN and SLACK_CHANNEL_ID are tried at Slack", async () => {
  await using slack = await startSlack();
  await using all = await prepared({ slack_api_url: slack.apiUrl.replace(/\/$/, "") });
  const { tryOut } = all;
  const nothing = await tryOut("SLACK_CHANNEL_ID", slack.channel);
  equal(`${nothing.status} ${nothing.body.ok}`, "200 false");
  match(nothing.body.message, /SLACK_BOT_TOKEN/);
  const good = await tryOut("SLACK_BOT_TOKEN", ` ${slack.token}\n`);
  same({ status: good.status, ...good.body }, {
    status: 200,
    ok: true,
    message: "Slack takes the token.",
    missing: [],
  });
  const channel = await tryOut("SLACK_CHANNEL_ID", slack.channel);
  equal(channel.body.ok, true, channel.text);
  match(channel.body.message, /#eda-dashboards/);
  equal((await tryOut("SLACK_CHANNEL_ID", "C000NOTHERE")).body.ok, false);

  const blind = await tryOut("SLACK_BOT_TOKEN", slack.blindToken);
  equal(blind.body.ok, false);
  same(blind.body.missing, ["channels:history"]);
  for (const token of ["xoxb-unknown", "€ not a header", "a\nb", "\0"]) {
    const { status, body } = await tryOut("SLACK_BOT_TOKEN", token);
    equal(`${status} ${body.ok} ${body.missing}`, "200 false ", token);
    ok(!body.message.includes(token));
  }
  for (const what of ["429", "500", "html", "drop-after"] as const) {
    const fault = () => void slack.faults.push({ method: "auth.test", what, times: 1 });
    const { status, body, text } = await tryOut("SLACK_BOT_TOKEN", slack.token, fault);
    equal(`${status} ${body.ok}`, "200 false", what);
    ok(!text.includes("xoxb-"), text);
  }
});

Deno.test("a Slack that leads elsewhere is not followed there with the token", async () => {
  await using elsewhere = serve(() => Response.json({ ok: true }));
  await using slack = serve((request) =>
    Response.redirect(elsewhere.origin + new URL(request.url).pathname, 307)
  );
  await using all = await prepared({ slack_api_url: `${slack.origin}/api` });
  const { body } = await all.tryOut("SLACK_BOT_TOKEN", "xoxb-secret");
  equal(slack.calls.length, 1);
  ok(!elsewhere.calls.join().includes("xoxb-"), elsewhere.calls.join());
  equal(body.ok && elsewhere.calls.length === 0, false);
});

Deno.test("GRAFANA_BASE_URL and GRAFANA_API_KEY are tried at a Grafana as it really answers", async () => {
  await using grafana = serve(recorded);
  await using all = await prepared({ grafana: { base: grafana.origin, key: "glsa_ours" } });
  const { tryOut } = all;
  const address = await tryOut("GRAFANA_BASE_URL", `${grafana.origin}/`);
  same(address.body, { ok: true, message: "Grafana 9.4.0-pre answers.", missing: [] });
  same(grafana.calls.slice(-1), ["GET /api/health -"]);
  const admin = await tryOut("GRAFANA_API_KEY", "glsa_token_Admin");
  same(admin.body, {
    ok: true,
    message: "Grafana takes the key, in the organisation Main Org..",
    missing: [],
  });
  for (const role of ["Viewer", "Editor"]) {
    const { status, body } = await tryOut("GRAFANA_API_KEY", `glsa_token_${role}`);
    equal(`${status} ${body.ok}`, "200 false");
    ok(body.missing.includes("datasources:create"), body.missing.join());
    equal(body.missing.includes("dashboards:create"), role === "Viewer");
    equal(body.missing.includes("dashboards:read"), false);
  }
  const refusals = ["glsa_token_to_be_revoked", "glsa_token_of_one_second", "not-a-key"];
  for (const key of [...refusals, `glsa_${"0".repeat(31)}_00000000`]) {
    const { status, body } = await tryOut("GRAFANA_API_KEY", key);
    equal(`${status} ${body.ok} ${body.missing}`, "200 false ", key);
    match(body.message, /refuses the key/, key);
  }
  equal((await tryOut("GRAFANA_API_KEY", "ключ")).body.ok, false);
});

Deno.test("what is no Grafana, or leads elsewhere, is said and not followed", async () => {
  await using elsewhere = serve(recorded);
  const html = () => new Response("<html>sign in, glsa_foreign</html>");
  const answers: [string, () => Response | Promise<Response>][] = [
    ["html", html],
    ["redirect", () => Response.redirect(`${elsewhere.origin}/api/org`, 302)],
    ["301", () => Response.redirect(`${elsewhere.origin}/api/org`, 301)],
    ["500", () => new Response("glsa_foreign", { status: 500 })],
    ["list", () => Response.json([])],
    ["number", () => Response.json(7)],
    ["null", () => Response.json(null)],
    ["nested", () => Response.json({ name: { name: 1 }, version: 7 })],
    ["empty", () => new Response(null, { status: 204 })],
    ["torn", () => new Response(new Blob(["{"]).stream(), { headers: { "content-length": "9" } })],
  ];
  let answer = html as () => Response | Promise<Response>;
  await using grafana = serve(() => answer());
  await using all = await prepared({ grafana: { base: grafana.origin, key: "glsa_ours" } });
  for (const [what, give] of answers) {
    answer = give;
    for (const [name, value] of [["BASE_URL", grafana.origin], ["API_KEY", "glsa_mine"]]) {
      const { status, body, text } = await all.tryOut(`GRAFANA_${name}`, value!);
      equal(`${status} ${body.ok}`, "200 false", `${what} ${name} ${text}`);
      ok(!text.includes("glsa_"), text);
    }
  }
  same(elsewhere.calls, []);
  equal((await all.tryOut("GRAFANA_BASE_URL", "not an address")).body.ok, false);
  equal((await all.tryOut("GRAFANA_BASE_URL", "file:///etc/passwd")).body.ok, false);
});

Deno.test("a host that is neither configured nor allowed is never contacted", async () => {
  await using other = serve(recorded);
  await using grafana = serve(recorded);
  const outside = {
    grafana: { base: grafana.origin, key: "glsa_ours" },
    allowed_hosts: ["allowed.test", "*.below.test"],
  };
  await using all = await prepared(outside);
  const { tryOut, api } = all;
  const { host, port } = new URL(other.origin);
  for (
    const address of [
      other.origin,
      `http://localhost:${port}`,
      `http://2130706433:${port}`,
      `http://0x7f.1:${port}`,
      `http://[::ffff:127.0.0.1]:${port}`,
      `http://allowed.test@${host}`,
      `http://allowed.test:80@${host}/`,
      `http://${host}#allowed.test`,
      `http://${host}\\@allowed.test`,
      "http://allowed.test.evil.test",
      "http://below.test",
      "http://evilbelow.test",
      "http://169.254.169.254/latest/meta-data",
    ]
  ) {
    refused(await tryOut("GRAFANA_BASE_URL", address), 409, "host_not_allowed", address);
    refused(await tryOut("GRAFANA_API_KEY", "glsa_token_Admin"), 409, "host_not_allowed", address);
    const database = address.replace("http:", "postgresql:").replace("\\@", "/");
    refused(await tryOut("A_DATABASE_URL", database), 409, "host_not_allowed", database);
  }
  same(other.calls, []);
  const own = api.deps.servers.of("").address;
  const multiple = `postgresql://u:p@${own.host}:${own.port},${host}/d`;
  ok((await tryOut("A_DATABASE_URL", multiple)).status < 500);
  const hosted = `postgresql://u:p@allowed.test/d?host=${host}`;
  equal((await tryOut("A_DATABASE_URL", hosted)).body.ok, false);
  same(other.calls, []);
});

Deno.test("an allowed host is contacted, on any port; a configured one on its own", async () => {
  await using other = serve(recorded);
  await using all = await prepared({ allowed_hosts: ["127.0.0.1"] });
  equal((await all.tryOut("GRAFANA_BASE_URL", other.origin)).body.ok, true);
  equal((await all.tryOut("GRAFANA_API_KEY", "glsa_token_Admin")).body.ok, true);
  same(other.calls.slice(-2).map((call) => call.split(" ")[1]).sort(), [
    "/api/access-control/user/permissions",
    "/api/org",
  ]);
  await using shut = await startWorld();
  const key_value = `postgresql://u:p@127.0.0.1:1/d`;
  const { body } = await all.tryOut("FAR_DATABASE_URL", key_value);
  equal(`${body.ok} ${body.message}`, "false The database server does not answer.");
  equal(shut.deps.outside.allowed_hosts.length, 0);
});

Deno.test("a database login is tried on our own server, as it stands in the credential", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  const many = `/users/${ada.id}/credentials`;
  const tryOut = (name: string, { api_key: key }: User = ada) =>
    api.call("POST", `${many}/${name}/test`, { key });
  for (const name of ["TIMING", "QOR", "DRC"]) {
    const { status, body } = await tryOut(`${name}_DATABASE_URL`);
    same({ status, ...body }, {
      status: 200,
      ok: true,
      message: "The database takes the login.",
      missing: [],
    });
  }
  const url = (await api.call("GET", `${many}/QOR_DATABASE_URL`)).body.key_value;
  const { password } = await testServer();
  for (
    const [change, message] of [
      [(one: URL) => void (one.password = "wrong"), /refused the password/],
      [(one: URL) => void (one.pathname = "/not_there"), /does not exist|refused/],
      [(one: URL) => void (one.username = "nobody_owner"), /refused/],
      [(one: URL) => void (one.password = "%zz"), /./],
      [(one: URL) => void (one.username = "a%00b"), /./],
      [
        (one: URL) => void (one.search = "?host=127.0.0.9&options=-c%20role%3Dx"),
        /takes the login/,
      ],
    ] as const
  ) {
    const changed = new URL(url);
    change(changed);
    await api.call("PUT", `${many}/QOR_DATABASE_URL`, { json: { key_value: changed.href } });
    const { status, body, text } = await tryOut("QOR_DATABASE_URL");
    equal(status, 200, `${changed.href} ${text}`);
    match(body.message, message);
    ok(!text.includes(password) && !text.includes(changed.password || "-"), text);
  }
  for (const value of ["mysql://a", "postgresql:", "text", "//"]) {
    await api.call("PUT", `${many}/QOR_DATABASE_URL`, { json: { key_value: value } });
    const { status, body } = await tryOut("QOR_DATABASE_URL");
    ok(status === 409 || body.ok === false, value);
  }
});

Deno.test("a database that accepts and stays silent is given up on", async () => {
  const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of silent) open.push(connection);
  })();
  await using all = await prepared({ allowed_hosts: ["127.0.0.1"] });
  const address = `postgresql://u:p@127.0.0.1:${(silent.addr as Deno.NetAddr).port}/d`;
  const started = performance.now();
  const { body } = await all.tryOut("SLOW_DATABASE_URL", address);
  equal(body.ok, false);
  ok(performance.now() - started < 12_000);
  silent.close();
  for (const connection of open) connection.close();
  await accepting.catch(() => {});
});

Deno.test("other names cannot be tried; each trial is recorded, refused ones too", async () => {
  await using all = await prepared();
  const { api, ada, tryOut } = all;
  for (const name of ["MY_TOKEN", "SLACK_BOT_TOKEN2", "XSLACK_BOT_TOKEN", "DATABASE_URL_OLD"]) {
    refused(await tryOut(name, "a value"), 409, "not_testable", name);
  }
  await tryOut("SLACK_BOT_TOKEN", "xoxb-1");
  refused(await tryOut("A_DATABASE_URL", "postgresql://far.test/d"), 409, "host_not_allowed");
  const said = await api.recorded("&action=credential.test");
  same(said.slice(0, 3), [
    `${ada.username}: credential.test ${ada.username}/A_DATABASE_URL refused`,
    `${ada.username}: credential.test ${ada.username}/SLACK_BOT_TOKEN ok`,
    `${ada.username}: credential.test ${ada.username}/DATABASE_URL_OLD refused`,
  ]);
});

Deno.test("more trials at once than the pool has connections all come to an end", async () => {
  await using slack = await startSlack();
  await using all = await prepared({ slack_api_url: slack.apiUrl.replace(/\/$/, "") });
  equal((await all.tryOut("SLACK_BOT_TOKEN", slack.token)).body.ok, true);
  const path = `/users/${all.ada.id}/credentials/SLACK_BOT_TOKEN/test`;
  const replies = await Promise.all(
    Array.from({ length: 45 }, () => all.api.call("POST", path, { key: all.ada.api_key })),
  );
  same([...new Set(replies.map(({ body }) => body.ok))], [true]);
});
