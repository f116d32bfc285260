import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { browserIn } from "../../src/users/browser.ts";
import { makeSignInLink } from "../../src/users/sign_in.ts";
import { refused, startWorld, type World } from "../help/world/world.ts";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const EDGE =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36 Edg/150.0";

Deno.test("browserIn() names the browser and its system", () => {
  equal(browserIn(FIREFOX), "Firefox on Linux");
  equal(browserIn(EDGE), "Edge on Windows");
  equal(browserIn("curl/8.0"), "Unknown browser");
  equal(browserIn(undefined), "Unknown browser");
  equal(browserIn("<script>alert(1)</script> Firefox/1"), "Firefox");
});

/** Signs in with a browser of this name; its way to pages, and its sessions as the API lists them. */
async function browser(world: World, key: string, agent = FIREFOX) {
  const { origin } = world;
  const body = new URLSearchParams({ api_key: key });
  const { headers } = await world.send("POST", "/sign-in", {
    headers: { origin, "user-agent": agent },
    body,
  });
  const cookie = headers.getSetCookie()[0]!.split(";")[0]!;
  const send = (method: string, path: string) =>
    world.send(method, path, { headers: { cookie, origin } });
  return {
    send,
    status: async () => (await send("GET", "/dashboards")).status,
    sessions: async (id: number) =>
      (await send("GET", `/api/v1/users/${id}/sessions`)).body.sessions,
  };
}

Deno.test("sessions are listed and ended, by their user and by admins, on pages and by the API", async () => {
  await using world = await startWorld();
  const [ada, bob] = [await world.addAccount(), await world.addAccount()];
  const one = await browser(world, ada.api_key);
  const two = await browser(world, ada.api_key, EDGE);
  const three = await browser(world, ada.api_key);
  const listed = await one.sessions(ada.id);
  same(listed.map((row: Record<string, unknown>) => [row.browser, row.from, row.is_current]), [
    ["Firefox on Linux", "127.0.0.1", false],
    ["Edge on Windows", "127.0.0.1", false],
    ["Firefox on Linux", "127.0.0.1", true],
  ]);
  const { text } = await one.send("GET", `/users/${ada.id}`);
  match(text, /Edge on Windows[\s\S]*This session[\s\S]*End all others/);

  const path = `/users/${ada.id}/sessions`;
  equal((await one.send("POST", `${path}/${listed[1].id}/end`)).status, 303);
  same([await one.status(), await two.status(), await three.status()], [200, 303, 200]);
  equal((await one.send("POST", `${path}/end`)).status, 303);
  same([await one.status(), await three.status()], [200, 303]);

  const eve = await browser(world, bob.api_key);
  const [left] = await one.sessions(ada.id);
  equal((await eve.send("POST", `${path}/${left.id}/end`)).status, 404);
  equal((await eve.send("POST", `${path}/end`)).status, 404);
  equal((await eve.send("GET", `/api/v1${path}`)).status, 404);
  refused(await world.call("DELETE", path, { key: bob.api_key }), 404, "user_unknown");
  refused(
    await world.call("DELETE", `${path}/${left.id}`, { key: bob.api_key }),
    404,
    "user_unknown",
  );
  equal((await eve.send("POST", `/users/${bob.id}/sessions/${left.id}/end`)).status, 404);
  equal(await one.status(), 200);

  equal((await world.call("DELETE", `${path}/${left.id}`)).status, 204);
  equal(await one.status(), 303);
  refused(await world.call("DELETE", `${path}/${left.id}`), 404, "session_unknown");
  const four = await browser(world, ada.api_key);
  same((await world.call("DELETE", path)).body, { ended: 1 });
  equal(await four.status(), 303);
  const ends = await world.recorded("&action=session.end&outcome=ok");
  same(ends.length, 4);
});

Deno.test("a session ends after 12 hours without a request, and writes its use every 5 minutes", async () => {
  await using world = await startWorld();
  const { db } = world;
  const ada = await browser(world, (await world.addAccount()).api_key);
  const used = async (ago: string) => {
    await db`update sessions set last_used_at = now() - ${ago}::interval`;
    const status = await ada.status();
    const [row] = await db`select last_used_at < now() - interval '1 minute' as old from sessions`;
    return [status, row!.old];
  };
  same(await used("4 minutes"), [200, true]);
  same(await used("6 minutes"), [200, false]);
  same(await used("11 hours 59 minutes"), [200, false]);
  same(await used("12 hours"), [303, true]);
});

Deno.test("a session's cookie is bound to its host where the front end has https", async () => {
  await using world = await startWorld({ frontend_url: "https://dashkeeper.test" });
  const ada = await world.addAccount();
  const form = await world.send("GET", "/sign-in");
  const [bound] = form.headers.getSetCookie();
  match(bound!, /^__Host-dashkeeper_form=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const token = /name="form_token" value="([^"]+)"/.exec(form.text)![1]!;
  const body = new URLSearchParams({ api_key: ada.api_key });
  const sent = { origin: "https://dashkeeper.test", "x-form-token": token };
  const { headers } = await world.send("POST", "/sign-in", {
    headers: { ...sent, cookie: bound!.split(";")[0]! },
    body,
  });
  const [session] = headers.getSetCookie();
  match(session!, /^__Host-dashkeeper_session=dk_[\w-]+; Max-Age=\d+; Path=\/; HttpOnly; Secure;/);
  const cookie = session!.split(";")[0]!;
  equal((await world.send("GET", "/dashboards", { headers: { cookie } })).status, 200);
  const plain = cookie.replace("__Host-", "");
  equal((await world.send("GET", "/dashboards", { headers: { cookie: plain } })).status, 303);
});

Deno.test("a sign-in link works once, within 10 minutes, and only by a click", async () => {
  await using world = await startWorld();
  const { origin, db } = world;
  const post = (link: string) =>
    world.send("POST", "/sign-in", { headers: { origin }, body: new URLSearchParams({ link }) });
  const used =
    /This link was used already, or is older than 10 minutes\. Sign in with your API key\./;
  const link = await makeSignInLink(db, "admin");
  for (let i = 0; i < 2; i++) {
    const { status, text, headers } = await world.send("GET", `/sign-in?link=${link}`);
    equal(status, 200);
    ok(text.includes(`value="${link}"`) && headers.get("cache-control")!.includes("no-store"));
  }
  const { status, headers } = await post(link);
  equal(status, 303);
  const cookie = headers.getSetCookie()[0]!.split(";")[0]!;
  match((await world.send("GET", "/users", { headers: { cookie } })).text, /New user/);
  const again = await post(link);
  equal(again.status, 401);
  match(again.text, used);
  const shown = await world.send("GET", `/sign-in?link=${link}`);
  equal(shown.status, 401);
  match(shown.text, used);
  const old = await makeSignInLink(db, "admin");
  await db`update sign_in_links set expires_at = now()`;
  equal((await post(old)).status, 401);
  match((await world.send("GET", `/sign-in?link=${old}`)).text, used);
  ok(!world.lines.join().includes(link), "not in the log");
  equal((await post("<script>")).status, 401);
});
