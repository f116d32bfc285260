import { doesNotMatch, match, ok, strictEqual as equal } from "node:assert";
import puppeteer from "puppeteer-core";
import { findBrowser } from "../../src/external/browser/install.ts";
import { freshName, startWorld, type World } from "../help/world/world.ts";

const SECRET = 'kept\n-----BEGIN & <b>"secret"</b>-----\n';
/** How the secret stands in a page's source. */
const SHOWN = "kept\n-----BEGIN &amp; &lt;b&gt;&quot;secret&quot;&lt;/b&gt;-----\n";
const KEY = /dk_[\w-]{49}/;

type Form = Record<string, string>;

/** Somebody who signed in with a key, as a browser without JavaScript. */
async function visitor({ send, origin }: World, key: string) {
  const at = (form: Form, from = origin) => ({
    body: new URLSearchParams(form),
    headers: { origin: from, "content-type": "application/x-www-form-urlencoded" },
  });
  const signedIn = await send("POST", "/sign-in", at({ api_key: key }));
  equal(signedIn.status, 303, signedIn.text);
  const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
  return {
    get: (path: string) => send("GET", path, { headers: { cookie } }),
    post(path: string, form: Form = {}, from?: string) {
      const { body, headers } = at(form, from);
      return send("POST", path, { body, headers: { ...headers, cookie } });
    },
  };
}

const links = (html: string) =>
  [...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href!.replaceAll("&amp;", "&"));

Deno.test("/users creates a user and shows its key once, on the answer itself", async () => {
  await using api = await startWorld();
  const admin = await visitor(api, api.admin);
  const username = freshName();
  const made = await admin.post("/users", { username, role: "member" });
  equal(made.status, 201, made.text);
  equal(made.headers.get("cache-control"), "no-store, no-transform");
  equal(made.headers.get("location"), null);
  equal(made.headers.get("set-cookie"), null);
  match(made.text, /^<!doctype html>/);
  const [key] = KEY.exec(made.text)!;
  equal(made.text.split(key).length, 5, "the key and the command, each with its button");
  const [page] = links(made.text).filter((href) => /^\/users\/\d+$/.test(href)).slice(-1);
  const user = await admin.get(page!);
  match(user.text, new RegExp(`<h1>${username}</h1>`));
  match(user.text, new RegExp(`${username}_timing`));
  doesNotMatch(user.text, KEY);
  const me = await api.call("GET", "/me", { key });
  equal(`${me.body.username} ${me.body.role}`, `${username} member`);
  ok(!api.lines.join().includes(key));

  const twice = await admin.post("/users", { username, role: "admin" });
  equal(twice.status, 409);
  match(twice.text, new RegExp(`id="new-username-fault">There is already a user ${username}\\.`));
  match(twice.text, new RegExp(`value="${username}"`));
  match(twice.text, /<option value="admin" selected>/);
});

Deno.test("a form that is not right comes back with what was typed and a sentence at its field", async () => {
  await using api = await startWorld();
  const admin = await visitor(api, api.admin);
  const { id } = await api.addAccount();
  const hostile = `"><script>alert(1)</script>`;
  const named = await admin.post("/users", { username: hostile, role: "member" });
  equal(named.status, 422);
  match(named.text, /value="&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;"/);
  match(named.text, /aria-invalid="true"/);
  match(named.text, /id="new-username-fault">A username has 2 to 32 of/);
  ok(!named.text.includes(hostile));

  const added = await admin.post(`/users/${id}/credentials`, {
    key_name: "two words",
    key_value: SECRET,
    expires_at: "soon",
  });
  equal(added.status, 422);
  match(added.text, /value="two words"/);
  match(added.text, /id="add-key_name-fault">A key name has 1 to 255/);
  match(added.text, /id="add-expires_at-fault">Expiry must be a date and a time\./);
  ok(!added.text.includes("secret&quot;"));
  const empty = await admin.post(`/users/${id}/credentials`, { key_name: "A" });
  equal(empty.status, 422);
  match(empty.text, /id="add-key_value-fault">Value is missing\./);

  const past = { expires_at: "2001-01-01T00:00", grace_seconds: "3600" };
  const rotated = await admin.post(`/users/${id}/api-key`, past);
  equal(rotated.status, 422);
  match(rotated.text, /id="key-expires_at-fault">Expiry of the new key must lie in the future\./);
  match(rotated.text, /value="2001-01-01T00:00"/);
  match(rotated.text, /<option value="3600" selected>/);

  const searched = await admin.get("/users?q=a%00b&is_active=");
  equal(searched.status, 422);
  match(searched.text, /id="search-q-fault">A username has at most 32/);
  for (const path of ["/users?cursor=x", "/users?is_active=x"]) {
    const forged = await admin.get(path);
    equal(forged.status, 422, path);
    match(forged.text, /<h1>Our pages do not send this: go back and try again\.<\/h1>/);
  }
});

Deno.test("/users lists by name, a page at a time, by beginning and state", async () => {
  await using api = await startWorld();
  const names = Array.from({ length: 53 }, (_, i) => `list-${String(i).padStart(2, "0")}`);
  for (const name of names) await api.addAccount({ username: name });
  await api.db`update users set is_active = false where username = 'list-07'`;
  const admin = await visitor(api, api.admin);
  const shown = (html: string) => [...html.matchAll(/>(list-\d\d)</g)].map(([, name]) => name);

  const first = await admin.get("/users?q=LIST-&is_active=true");
  equal(shown(first.text).length, 50);
  match(first.text, /<caption\b/);
  ok(!shown(first.text).includes("list-07"));
  const [next] = links(first.text).filter((href) => href.includes("cursor="));
  const second = await admin.get(next!);
  equal(shown(second.text).join(), "list-51,list-52");
  match(second.text, /value="list-"/);
  match(second.text, /<option value="true" selected>/);
  ok(links(second.text).includes("/users?q=list-&is_active=true"));
  ok(!links(second.text).some((href) => href.includes("cursor=")));
  equal(shown((await admin.get("/users?is_active=false&q=")).text).join(), "list-07");
  match((await admin.get("/users?q=nobody")).text, /No users match/);
});

Deno.test("a member sees its own page alone, and nothing on it that is an admin's", async () => {
  await using api = await startWorld();
  const [ada, bob] = [await api.addAccount(), await api.addAccount()];
  const member = await visitor(api, ada.api_key);
  const own = await member.get(`/users/${ada.id}`);
  equal(own.status, 200);
  ok(links(own.text).includes(`/users/${ada.id}`));
  ok(!links(own.text).includes("/users"));
  doesNotMatch(own.text, /\/change"|\/remove"/);
  equal((await member.get("/users")).status, 403);
  equal((await member.get("/users?q=%00")).status, 403);
  equal((await member.post("/users", { username: "eve", role: "admin" })).status, 403);
  const admins: [string, Form][] = [
    ["change", { role: "admin" }],
    ["remove", { databases: "keep", username: ada.username }],
    ["remove", { databases: "keep", username: "" }],
    ["remove", {}],
  ];
  for (const [action, form] of admins) {
    const reply = await member.post(`/users/${ada.id}/${action}`, form);
    equal(reply.status, 403, action);
    match(reply.text, /<h1>Only an admin may do this\.<\/h1>/);
  }
  const path = `/users/${bob.id}`;
  const credential = `${path}/credentials/TOKEN`;
  const value = { key_value: "x", expires_at: "" };
  for (const page of [path, credential]) equal((await member.get(page)).status, 404, page);
  const theirs: [string, Form][] = [
    ...admins.map(([action, form]): [string, Form] => [`${path}/${action}`, form]),
    [`${path}/api-key`, {}],
    [`${path}/api-key`, { grace_seconds: "-1" }],
    [`${path}/credentials`, { key_name: "TOKEN", ...value }],
    [`${path}/credentials`, {}],
    [`${credential}/change`, value],
    [`${credential}/change`, {}],
    [`${credential}/reveal`, {}],
    [`${credential}/rollback`, { version: "1" }],
    [`${credential}/test`, {}],
    [`${credential}/remove`, {}],
  ];
  for (const [page, form] of theirs) {
    const reply = await member.post(page, form);
    equal(reply.status, 404, page);
    match(reply.text, /<h1>There is no such user\.<\/h1>/, page);
    ok(!reply.text.includes(bob.username));
  }
  equal((await member.get("/users/x")).status, 400);
});

Deno.test("a new key is shown on the answer, with its end and what becomes of the old one", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  const member = await visitor(api, ada.api_key);
  const form = { expires_at: "2099-01-31T12:30", grace_seconds: "3600" };
  const graced = await member.post(`/users/${ada.id}/api-key`, form);
  equal(graced.status, 201, graced.text);
  equal(graced.headers.get("cache-control"), "no-store, no-transform");
  equal(graced.headers.get("location"), null);
  match(graced.text, /datetime="2099-01-31T12:30:00\.000Z"/);
  match(graced.text, /The old key works for 1 hour more\./);
  const [key] = KEY.exec(graced.text)!;
  const me = await api.call("GET", "/me", { key });
  equal(me.body.expires_at, "2099-01-31T12:30:00.000Z");
  equal((await api.call("GET", "/me", { key: ada.api_key })).status, 200);
  const last = await member.post(`/users/${ada.id}/api-key`, {
    expires_at: "",
    grace_seconds: "0",
  });
  match(last.text, /It does not expire\. The old key works no longer\./);
  equal((await api.call("GET", "/me", { key })).status, 401);
});

Deno.test("a key of the environment is rotated there: the page says so", async () => {
  await using api = await startWorld({ adminKey: "a key of the environment" });
  const admin = await visitor(api, api.admin);
  const { id } = (await api.call("GET", "/me")).body;
  const refused = await admin.post(`/users/${id}/api-key`, { expires_at: "", grace_seconds: "0" });
  equal(refused.status, 409);
  match(refused.text, /role="alert"[^>]*>This key is the one of ADMIN_API_KEY/);
});

Deno.test("changes let a user in or not: its open session ends at once", async () => {
  await using api = await startWorld();
  const [admin, ada] = [await visitor(api, api.admin), await api.addAccount()];
  const member = await visitor(api, ada.api_key);
  const change = (form: Form) => admin.post(`/users/${ada.id}/change`, form);
  const left = await change({ is_active: "false" });
  equal(`${left.status} ${left.headers.get("location")}`, `303 /users/${ada.id}`);
  const away = await member.get(`/users/${ada.id}`);
  equal(away.status, 303);
  match(away.headers.get("location")!, /^\/sign-in/);
  match((await admin.get(`/users/${ada.id}`)).text, /state idle">Inactive/);
  equal((await change({ is_active: "true" })).status, 303);
  equal((await member.get(`/users/${ada.id}`)).status, 200);
  equal((await change({ role: "admin" })).status, 303);
  equal((await member.get("/users")).status, 200);
  equal((await change({ role: "member" })).status, 303);
  for (
    const form of [{}, { role: "owner" }, { is_active: "maybe" }, { is_active: "true", x: "" }]
  ) {
    equal((await change(form as Form)).status, 422);
  }

  const { id } = (await api.call("GET", "/me")).body;
  const last = await admin.post(`/users/${id}/change`, { role: "member" });
  equal(last.status, 409);
  match(last.text, /role="alert"[^>]*>This is the last active admin/);
});

Deno.test("removal asks for the username and for what becomes of the databases", async () => {
  await using api = await startWorld();
  const admin = await visitor(api, api.admin);
  const ada = await api.addUser();
  api.names.add(ada.username);
  const path = `/users/${ada.id}/remove`;
  const slip = await admin.post(path, { databases: "drop", username: "somebody" });
  equal(slip.status, 422);
  match(slip.text, /id="remove-username-fault">This is not the name of the user\./);
  match(slip.text, /value="drop" checked/);
  equal((await admin.post(path, { username: ada.username })).status, 422);
  const removed = await admin.post(path, { databases: "keep", username: ada.username });
  equal(removed.status, 200);
  match(removed.text, new RegExp(`<h1>${ada.username} is removed</h1>.*databases are kept`));
  const [kept] = await api.db`
    select count(*)::int as n from pg_database where datname like ${`${ada.username}\\_%`}`;
  equal(kept!.n, 3);
  equal((await admin.get(`/users/${ada.id}`)).status, 404);

  const bob = await api.addUser();
  const form = { databases: "drop", username: bob.username };
  match((await admin.post(`/users/${bob.id}/remove`, form)).text, /Its databases are dropped\./);
  const { id, username } = (await api.call("GET", "/me")).body;
  const last = await admin.post(`/users/${id}/remove`, { databases: "keep", username });
  equal(last.status, 409);
  match(last.text, /role="alert"[^>]*>This is the last active admin/);
});

Deno.test("a credential is added, shown, changed, rolled back and removed by forms", async () => {
  await using api = await startWorld();
  const ada = await api.addAccount();
  const member = await visitor(api, ada.api_key);
  const list = `/users/${ada.id}/credentials`;
  const path = `${list}/PEM.key`;
  const sent = { key_value: SECRET.replaceAll("\n", "\r\n"), expires_at: "2001-02-03T04:05:06" };
  const added = await member.post(list, { key_name: "PEM.key", ...sent });
  equal(`${added.status} ${added.headers.get("location")}`, `303 /users/${ada.id}`, added.text);
  const twice = await member.post(list, { key_name: "PEM.key", ...sent });
  equal(twice.status, 409);
  match(twice.text, /id="add-key_name-fault">There is already a credential PEM\.key/);
  ok(!twice.text.includes("secret&quot;"));

  const page = await member.get(path);
  match(page.text, /state bad">expired/);
  match(page.text, /value="2001-02-03T04:05:06\.000"/);
  equal((await member.get(`${path}/reveal`)).status, 404);
  const revealed = await member.post(`${path}/reveal`);
  equal(revealed.status, 200);
  equal(revealed.headers.get("cache-control"), "no-store, no-transform");
  ok(revealed.text.includes(`<code class="value">${SHOWN}</code>`), revealed.text);
  equal((await api.call("GET", path, { key: ada.api_key })).body.key_value, SECRET);

  const value = { key_value: "another value", expires_at: "" };
  equal((await member.post(`${path}/change`, value)).headers.get("location"), path);
  const empty = await member.post(`${path}/change`, {
    key_value: "",
    expires_at: "2030-01-01T00:00",
  });
  equal(empty.status, 422);
  match(empty.text, /id="change-key_value-fault">Value must not be empty\./);
  match(empty.text, /value="2030-01-01T00:00"/);
  const old = await member.post(`${path}/reveal`, { version: "1" });
  ok(old.text.includes(SHOWN));
  equal(old.headers.get("cache-control"), "no-store, no-transform");
  equal((await member.post(`${path}/rollback`, { version: "1" })).status, 303);
  match(
    (await member.post(`${path}/rollback`, { version: "77" })).text,
    /<h1>There is no version 77/,
  );
  equal((await member.post(`${path}/rollback`, { version: "x" })).status, 422);
  const { body } = await api.call("GET", path, { key: ada.api_key });
  equal(`${body.version} ${body.key_value}`, `3 ${SECRET}`);

  for (const shown of [await member.get(path), await member.get(`/users/${ada.id}`)]) {
    equal(shown.status, 200);
    ok(!shown.text.includes("BEGIN") && !shown.text.includes("another value"));
  }
  const removed = await member.post(`${path}/remove`);
  equal(removed.headers.get("location"), `/users/${ada.id}`);
  equal((await member.post(`${path}/remove`)).status, 404);
  match((await member.get(path)).text, /<h1>There is no credential PEM\.key\.<\/h1>/);
  ok(!api.lines.join().includes("BEGIN"));
});

Deno.test("a credential is tried for real, and the page says how it went", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  const member = await visitor(api, ada.api_key);
  const list = `/users/${ada.id}/credentials`;
  const good = await member.post(`${list}/TIMING_DATABASE_URL/test`);
  equal(good.status, 200);
  match(good.text, /It works:<\/span> The database takes the login\./);
  const add = (key_name: string, key_value: string) =>
    member.post(list, { key_name, key_value, expires_at: "" });
  await add("OTHER", "thing");
  const not = await member.post(`${list}/OTHER/test`);
  equal(not.status, 409);
  match(not.text, /role="alert"[^>]*>OTHER is not a name that can be tried/);
  await add("GRAFANA_BASE_URL", "http://elsewhere.example");
  const host = await member.post(`${list}/GRAFANA_BASE_URL/test`);
  equal(host.status, 409);
  match(host.text, /role="alert"[^>]*>The host elsewhere\.example is not contacted/);
});

Deno.test("a form of another site, or of nobody, does nothing", async () => {
  await using api = await startWorld();
  const admin = await visitor(api, api.admin);
  const { id } = await api.addAccount();
  const form = { username: "eve", role: "admin" };
  const foreign = await admin.post("/users", form, "https://evil.example");
  equal(foreign.status, 403);
  match(foreign.text, /<h1>This form was not sent from a page of Dashkeeper\.<\/h1>/);
  for (const path of ["change", "api-key", "remove", "credentials/A/reveal"]) {
    equal((await admin.post(`/users/${id}/${path}`, {}, "null")).status, 403, path);
  }
  const nobody = await api.send("POST", "/users", {
    body: new URLSearchParams(form),
    headers: { origin: api.origin, "content-type": "application/x-www-form-urlencoded" },
  });
  equal(nobody.status, 303);
  match(nobody.headers.get("location")!, /^\/sign-in/);
  match((await api.send("GET", `/users/${id}`)).headers.get("location")!, /^\/sign-in\?next=/);
  const [eve] = await api.db`select 1 from users where username = 'eve'`;
  equal(eve, undefined);
});

Deno.test("a browser without JavaScript keeps the lines of a value as they were pasted", async () => {
  await using api = await startWorld();
  const { id, api_key } = await api.addAccount();
  const browser = await puppeteer.launch({
    executablePath: (await findBrowser())!,
    args: ["--no-sandbox", "--disable-gpu"],
    pipe: true,
  });
  try {
    const page = await browser.newPage();
    await page.setJavaScriptEnabled(false);
    const press = (button: string) =>
      Promise.all([page.waitForNavigation({ timeout: 10_000 }), page.click(button)]);
    await page.goto(`${api.origin}/sign-in?next=/users/${id}`);
    await page.type("[name=api_key]", api_key);
    await press("main button");
    await page.click("details summary");
    await page.type("#add-key_name", "PEM");
    await page.type("#add-key_value", SECRET);
    await press("details[open] button");
    await press("form[action$='/PEM/reveal'] button");
    equal(await page.$eval("code.value", (code) => code.textContent), SECRET);
    equal(new URL(page.url()).search, "");
  } finally {
    await browser.close();
  }
  const { body } = await api.call("GET", `/users/${id}/credentials/PEM`);
  equal(body.key_value, SECRET);
});
