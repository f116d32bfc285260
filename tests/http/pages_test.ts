import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { makeKey } from "../../src/users/key.ts";
import { addDashboard, stateOf } from "../help/world/rows.ts";
import { startWorld, type World } from "../help/world/world.ts";

async function start() {
  const app = await startWorld();
  return Object.assign(app, {
    ada: await app.addAccount({ username: "ada" }),
    bob: await app.addAccount({ username: "bob" }),
  });
}

/** Sends a form as a browser does from one of our pages, or from `origin`. */
function form(
  app: World,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = { origin: app.origin },
) {
  return app.send("POST", path, { headers, body: new URLSearchParams(fields) });
}

Deno.test("signIn() takes a key and gives a cookie that scripts and other sites do not get", async () => {
  await using app = await start();
  equal((await app.send("GET", "/sign-in")).status, 200);
  const { status, headers } = await form(app, "/sign-in", { api_key: ` ${app.ada.api_key}\n` });
  same([status, headers.get("location")], [303, "/"]);
  const [cookie, ...others] = headers.getSetCookie();
  same(others, []);
  match(cookie!, /^dashkeeper_session=dk_[\w-]{49}; /);
  for (const flag of ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"]) {
    ok(cookie!.includes(flag), cookie!);
  }
  ok(!cookie!.includes("Secure"), "this front end is plain http");
  ok(!cookie!.includes(app.ada.api_key));
  const [stored] = await app.db`select encode(hash, 'hex') as hash from sessions`;
  ok(!cookie!.includes(stored!.hash));
});

Deno.test("signIn() says on the page what is wrong with a key", async () => {
  await using app = await start();
  const tries: [string, RegExp][] = [
    ["", /Send your API key/],
    ["dk_typo", /not an API key of Dashkeeper/],
    [await makeKey(), /not valid, or not any more/],
    ["x".repeat(2000), /./],
  ];
  for (const [api_key, why] of tries) {
    const { status, text, headers } = await form(app, "/sign-in", { api_key });
    ok(status === 401 || status === 422, `${status}`);
    match(text, why);
    ok(text.includes("<html") && (api_key === "" || !text.includes(api_key)), text);
    same(headers.getSetCookie(), []);
  }
});

Deno.test("sign-in leads back to our own pages alone", async () => {
  await using app = await start();
  const { api_key } = app.ada;
  const to = async (next: string) =>
    (await form(app, "/sign-in", { api_key, next })).headers.get("location");
  equal(await to("/boards/7"), "/boards/7");
  const away = ["//evil.test", "/\\evil.test", "https://evil.test", "evil.test", "/\t/evil.test"];
  for (
    const next of [...away, "javascript:alert(1)", "/%0d%0aSet-Cookie:a=b", "/x\nSet-Cookie: a"]
  ) {
    equal(await to(next), "/", next);
    const { text } = await app.send("GET", `/sign-in?next=${encodeURIComponent(next)}`);
    match(text, /name="next" value="\/"/);
  }
});

Deno.test("a stranger is sent to sign in, and back afterwards", async () => {
  await using app = await start();
  const id = await addDashboard(app.db, app.ada.id);
  for (
    const [path, next] of [
      ["/", "/"],
      ["/dashboards", "/dashboards"],
      ["/dashboards/1/row", "/dashboards/1/row"],
      [`/dashboards/${id}/message`, `/dashboards/${id}/message`],
      [`/boards/${id}`, `/boards/${id}`],
      ["/events", "/events"],
    ] as const
  ) {
    const { status, headers } = await app.send("GET", path);
    const location = `/sign-in?next=${encodeURIComponent(next)}`;
    same([status, headers.get("location")], [303, location], path);
  }
  const posted = await form(app, `/dashboards/${id}/retry`, {});
  same([posted.status, posted.headers.get("location")], [303, "/sign-in"]);
});

Deno.test("signOut() ends the session at once, for every copy of the cookie", async () => {
  await using app = await start();
  const cookie = await app.signIn(app.ada.api_key);
  const get = () => app.send("GET", "/dashboards", { headers: { cookie } });
  equal((await get()).status, 200);
  const out = await form(app, "/sign-out", {}, { origin: app.origin, cookie });
  same([out.status, out.headers.get("location")], [303, "/sign-in"]);
  match(out.headers.getSetCookie()[0]!, /^dashkeeper_session=; Max-Age=0/);
  equal((await get()).status, 303);
  equal((await app.send("GET", "/api/v1/dashboards", { headers: { cookie } })).status, 401);
});

Deno.test("a session ends after its time, and with its user", async () => {
  await using app = await start();
  const cookie = await app.signIn(app.ada.api_key);
  const status = async () => (await app.send("GET", "/dashboards", { headers: { cookie } })).status;
  equal(await status(), 200);
  await app.db`update sessions set expires_at = now()`;
  equal(await status(), 303);
  await app.db`update sessions set expires_at = now() + interval '1 hour'`;
  await app.db`update users set is_active = false where id = ${app.ada.id}`;
  equal(await status(), 303);
});

Deno.test("a form that another site sends changes nothing", async () => {
  await using app = await start();
  const cookie = await app.signIn(app.ada.api_key);
  const id = await addDashboard(app.db, app.ada.id, { step: "notify" });
  await app.db`update dashboards set stopped = true`;
  const foreign = [
    { origin: "http://evil.test" },
    { origin: "null" },
    { origin: "http://evil.test", "sec-fetch-site": "cross-site" },
    { origin: "http://sub.dashkeeper.test", "sec-fetch-site": "same-site" },
  ];
  for (const headers of foreign) {
    for (const path of [`/dashboards/${id}/retry`, "/sign-out", "/sign-in"]) {
      const sent = { ...headers, cookie } as Record<string, string>;
      const { status, text } = await form(app, path, { api_key: app.ada.api_key }, sent);
      equal(status, 403, `${path} ${JSON.stringify(headers)}`);
      match(text, /not sent from a page of Dashkeeper/);
    }
  }
  equal((await stateOf(app.db, id)).stopped, true);
  const own = await form(app, `/dashboards/${id}/retry`, {}, { origin: app.origin, cookie });
  same([own.status, own.headers.get("location")], [303, "/dashboards"]);
  equal((await stateOf(app.db, id)).stopped, false);
});

Deno.test("a session reads the API, and changes nothing there", async () => {
  await using app = await start();
  const cookie = await app.signIn(app.ada.api_key);
  const id = await addDashboard(app.db, app.ada.id);
  const headers = { cookie };
  equal((await app.send("GET", `/api/v1/dashboards/${id}`, { headers })).status, 200);
  for (const [method, path] of [["POST", "/retry"], ["POST", "/capture"], ["DELETE", ""]]) {
    const { status, body } = await app.send(method!, `/api/v1/dashboards/${id}${path}`, {
      headers,
    });
    same([status, body.code], [401, "key_missing"]);
  }
});

Deno.test("/dashboards shows a member its own, an admin all, and what each may do", async () => {
  await using app = await start();
  const { db, ada, bob } = app;
  const gif = new Uint8Array([1]);
  const own = await addDashboard(db, ada.id, { table_name: "ada_runs", gif, step: "done" });
  const other = await addDashboard(db, bob.id, { table_name: "bob_runs" });
  await db`update dashboards set stopped = true, last_error = 'Put a current token.'
    where id = ${other}`;
  const page = async (key: string, path = "/dashboards") => {
    const headers = { cookie: await app.signIn(key) };
    return (await app.send("GET", path, { headers })).text;
  };
  const mine = await page(ada.api_key);
  ok(mine.includes("ada_runs") && !mine.includes("bob_runs"));
  ok(mine.includes(`/api/v1/dashboards/${own}/preview.gif`));
  ok(!mine.includes(`/dashboards/${own}/remove`));
  const all = await page(app.admin);
  ok(all.includes("ada_runs") && all.includes("bob_runs"));
  ok(all.includes("Put a current token.") && all.includes(`/dashboards/${other}/retry`));
  ok(all.includes(`/dashboards/${other}/remove`));
  const row = await page(bob.api_key, `/dashboards/${other}/row`);
  ok(row.includes("bob_runs") && !row.includes("<html"));
  ok(!(await page(bob.api_key, `/dashboards/${own}/row`)).includes("ada_runs"));
});

Deno.test("another's pages and buttons are not to be had", async () => {
  await using app = await start();
  const id = await addDashboard(app.db, app.bob.id);
  await app.db`update dashboards set stopped = true`;
  const cookie = await app.signIn(app.ada.api_key);
  const message = await app.send("GET", `/dashboards/${id}/message`, { headers: { cookie } });
  equal(message.status, 404);
  ok(message.text.includes("There is no such dashboard."));
  for (const what of ["retry", "capture", "remove"]) {
    const reply = await form(app, `/dashboards/${id}/${what}`, {}, { origin: app.origin, cookie });
    equal(reply.status, 404, what);
  }
  equal((await stateOf(app.db, id)).stopped, true);
  equal((await app.send("GET", "/dashboards/x/message", { headers: { cookie } })).status, 400);
});

Deno.test("pages show hostile names as text", async () => {
  await using app = await start();
  const hostile = `<script>alert("1")</script>'"&<img src=x onerror=alert(2)>`;
  const id = await addDashboard(app.db, app.ada.id, {
    schema_name: hostile,
    table_name: hostile,
    gif: new Uint8Array([1]),
  });
  await app.db`update dashboards set last_error = ${hostile}`;
  await app.db`update runs set posted_at = now(), slack_message = ${
    JSON.stringify({
      text: hostile,
      blocks: [
        { type: "header", text: { text: hostile } },
        { type: "section", fields: [{ text: hostile }] },
        { type: "image", alt_text: hostile },
        { type: "context", elements: [{ text: hostile }] },
        { type: "actions", elements: [{ text: { text: hostile }, url: `/${hostile}` }] },
      ],
    })
  }::text::jsonb`;
  const board = { title: hostile, panels: [{ id: 1, title: hostile }] };
  await app.db`update dashboards set board = ${JSON.stringify(board)}::text::jsonb`;
  const headers = { cookie: await app.signIn(app.ada.api_key) };
  for (const path of ["/dashboards", `/dashboards/${id}/message`, `/boards/${id}`]) {
    const { status, text } = await app.send("GET", path, { headers });
    equal(status, 200, text);
    ok(text.includes("alert("), path);
    ok(!/<script>alert|<img src=x|alt="[^"]*<img/.test(text), `${path}: ${text}`);
  }
});

Deno.test("pages carry the headers that keep foreign scripts and frames out", async () => {
  await using app = await start();
  const { headers } = await app.send("GET", "/sign-in");
  const policy = headers.get("content-security-policy")!;
  ok(policy.includes("default-src 'self'") && policy.includes("frame-ancestors 'none'"), policy);
  ok(!/-src [^;]*(unsafe|https?:|\*)/.test(policy), policy);
  same([headers.get("x-content-type-options"), headers.get("referrer-policy")], [
    "nosniff",
    "same-origin",
  ]);
  match(headers.get("x-request-id")!, /^[0-9a-f-]{36}$/);
  const file = await app.send("GET", "/static/app.css");
  same([file.status, file.headers.get("content-type")], [200, "text/css; charset=utf-8"]);
  const etag = file.headers.get("etag")!;
  const again = await app.send("GET", "/static/app.css", { headers: { "if-none-match": etag } });
  same([again.status, again.text], [304, ""]);
  equal((await app.send("GET", "/static/../main.ts")).status, 404);
});
