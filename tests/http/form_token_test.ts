import {
  deepStrictEqual as same,
  notStrictEqual as differs,
  strictEqual as equal,
} from "node:assert";
import { addDashboard, stateOf } from "../help/world/rows.ts";
import { startWorld, type World } from "../help/world/world.ts";

const tokenOf = (html: string) => /name="form_token" value="([^"]*)"/.exec(html)?.[1] ?? "";

/** Sends a form as a browser does, with the token in its field. */
function submit(
  { origin, send }: World,
  path: string,
  cookie: string,
  form_token: string | undefined,
  fields: Record<string, string> = {},
) {
  const body = new URLSearchParams({ ...fields, ...(form_token ? { form_token } : {}) });
  return send("POST", path, { headers: { origin, cookie, "x-form-token": "" }, body });
}

async function start() {
  const world = await startWorld();
  const ada = await world.addAccount();
  const id = await addDashboard(world.db, ada.id, { step: "notify" });
  await world.db`update dashboards set stopped = true`;
  const cookie = await world.signIn(ada.api_key);
  const page = async (cookie: string) =>
    (await world.send("GET", "/dashboards", { headers: { cookie } })).text;
  return Object.assign(world, { ada, id, cookie, page });
}

/** Sends with the field only: an empty header counts as one. */
Deno.test("onlyOwnForms() takes a form with the token of its session's page, by field or header", async () => {
  await using app = await start();
  const { id, cookie, origin } = app;
  const token = tokenOf(await app.page(cookie));
  differs(token, "");
  differs(token, tokenOf(await app.page(cookie)), "a new one for each page");
  const headers = { origin, cookie, "x-form-token": token };
  equal((await app.send("POST", `/dashboards/${id}/retry`, { headers })).status, 303);
  equal((await stateOf(app.db, id)).stopped, false);
  const body = new URLSearchParams({ form_token: token, theme: "dark", next: "/users?q=a" });
  const raw = await fetch(`${origin}/theme`, {
    method: "POST",
    headers: { origin, cookie },
    body,
    redirect: "manual",
  });
  await raw.body?.cancel();
  same([raw.status, raw.headers.get("location")], [303, "/users?q=a"]);
});

Deno.test("onlyOwnForms() refuses a form without a token, with a wrong and with another session's", async () => {
  await using app = await start();
  const { id, cookie } = app;
  const bob = await app.addAccount({ role: "admin" });
  const others = tokenOf(await app.page(await app.signIn(bob.api_key)));
  const again = tokenOf(await app.page(await app.signIn(app.ada.api_key)));
  const own = tokenOf(await app.page(cookie));
  for (const token of [undefined, "x", ".", "a.b", own.slice(1), others, again]) {
    for (const path of [`/dashboards/${id}/retry`, "/sign-out", `/users/${app.ada.id}/api-key`]) {
      equal((await submit(app, path, cookie, token)).status, 403, `${path} ${token}`);
    }
  }
  equal((await stateOf(app.db, id)).stopped, true);
  equal((await app.page(cookie)).includes("Sign out"), true);
});

Deno.test("onlyOwnForms() binds the sign-in form to the browser that got it", async () => {
  await using app = await start();
  const { origin, ada: { api_key } } = app;
  const { text, headers } = await app.send("GET", "/sign-in");
  const cookie = headers.getSetCookie()[0]!.split(";")[0]!;
  const send = async (cookie: string, token: string) => {
    const reply = await fetch(`${origin}/sign-in`, {
      method: "POST",
      headers: { origin, cookie },
      body: new URLSearchParams({ api_key, form_token: token }),
      redirect: "manual",
    });
    await reply.body?.cancel();
    return reply.status;
  };
  equal(await send("", tokenOf(text)), 403);
  equal(await send("dashkeeper_form=other", tokenOf(text)), 403);
  equal(await send(cookie, ""), 403);
  equal(await send(cookie, tokenOf(text)), 303);
});

Deno.test("the API takes a key without a token", async () => {
  await using app = await start();
  const { status } = await app.call("POST", `/dashboards/${app.id}/retry`, {
    key: app.ada.api_key,
  });
  equal(status, 202);
});
