import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { defaultsFor } from "../../src/credentials/defaults.ts";
import { checkWorkspace } from "../../src/accounts/maintenance/check.ts";
import { startWorld } from "../help/world/world.ts";

Deno.test("listedUsers() filters by role and workspace, with sizes of the last check", async () => {
  await using world = await startWorld();
  const ada = await world.addUser();
  const [slow, stuck] = [await world.addUser(), await world.addUser()];
  const bob = await world.addAccount();
  const set = (id: number, state: string) =>
    world.db`update workspace_steps set state = ${state} where user_id = ${id} and position = 2`;
  await set(slow.id, "pending");
  await set(stuck.id, "failed");
  const found = async (query: string) => {
    const { body } = await world.call("GET", `/users?${query}`);
    return body.users.map(({ username }: { username: string }) => username);
  };
  same(await found("workspace=ready"), [ada.username]);
  same(await found("workspace=pending"), [slow.username]);
  same(await found("workspace=failed"), [stuck.username]);
  same(await found("role=admin"), ["admin"]);
  same(await found(`role=member&q=${bob.username}&is_active=true`), [bob.username]);
  equal((await world.call("GET", "/users?workspace=none")).status, 422);

  const who = { user_id: 1, username: "admin", role: "admin", from: "" } as const;
  await checkWorkspace(world.deps, who, ada.id);
  const { body } = await world.call("GET", `/users?q=${ada.username}`);
  equal(body.users[0].workspace, "ready");
  equal(body.users[0].bytes > 15_000_000, true, "three databases");
  const headers = { cookie: await world.signIn(world.admin) };
  const { text } = await world.send("GET", "/users?workspace=failed&role=member&q=&is_active=", {
    headers,
  });
  equal(text.includes(`>${stuck.username}</a>`) && !text.includes(`>${ada.username}</a>`), true);
  equal((await world.send("GET", `/users/${ada.id}/steps`, { headers })).status, 200);
  const other = { cookie: await world.signIn(bob.api_key) };
  equal((await world.send("GET", `/users/${ada.id}/steps`, { headers: other })).status, 404);
  const copy = `/users/${ada.id}/credentials/TIMING_DATABASE_URL/copy`;
  equal(
    (await world.send("POST", copy, { headers: { ...other, origin: world.origin } })).status,
    404,
  );
});

Deno.test("defaultsFor() says what stands for credentials that are not there", () => {
  const outside = { slack_api_url: "", allowed_hosts: [], slack_token: "x", slack_channel: "C1" };
  const applying = (own: string[]) =>
    defaultsFor(outside, own).filter(({ applies }) => applies).map(({ key_name }) => key_name);
  same(applying([]), ["SLACK_BOT_TOKEN", "SLACK_CHANNEL_ID"]);
  same(applying(["SLACK_BOT_TOKEN"]), []);
  same(defaultsFor(outside, []).length, 4);
});
