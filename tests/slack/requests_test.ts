import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert/strict";
import { FORM, sendSigned, signatureOf } from "../help/slack_app/sign.ts";
import { startWorld, type World } from "../help/world/world.ts";

const secret = crypto.randomUUID();
const seconds = () => Math.floor(Date.now() / 1000);
const click = (more = {}) =>
  new URLSearchParams({
    payload: JSON.stringify({ type: "block_actions", trigger_id: crypto.randomUUID(), ...more }),
  }).toString();

/** The ids of the calls that were taken. */
const taken = async ({ db, inbox }: World) => {
  await inbox.idle();
  const rows = await db<{ id: string }[]>`
    select id from slack_seen where id not like 'signature %' order by id`;
  return rows.map(({ id }) => id);
};

Deno.test("requests from Slack: each that is not Slack's own is refused and changes nothing", async (t) => {
  await using world = await startWorld({ outside: { slack_signing_secret: secret } });
  const { origin } = world;
  const app = { origin, secret };
  const now = seconds();
  const body = click();
  const signature = await signatureOf(secret, now, body);
  const utf16 = new Uint8Array(
    new Uint16Array([..."payload={}"].map((c) => c.charCodeAt(0))).buffer,
  );
  const cases: [what: string, status: number, () => Promise<{ status: number }>][] = [
    ["no signature", 401, () => sendSigned(app, "interactions", body, { signature: "" })],
    ["another secret", 401, () => sendSigned({ origin, secret: "x" }, "interactions", body)],
    ["a changed body", 401, () => sendSigned(app, "interactions", `${body}&a=1`, { signature })],
    ["no time", 401, () => sendSigned(app, "interactions", body, { timestamp: "" })],
    ["a time that is none", 401, () => sendSigned(app, "interactions", body, { timestamp: "1e9" })],
    ["too old", 401, () => sendSigned(app, "interactions", body, { timestamp: now - 310 })],
    ["too new", 401, () => sendSigned(app, "interactions", body, { timestamp: now + 310 })],
    [
      "another spelling",
      401,
      () =>
        sendSigned(app, "interactions", body, {
          timestamp: now,
          signature: `v0=${signature.slice(3).toUpperCase()}`,
        }),
    ],
    [
      "a version that is not known",
      401,
      () =>
        sendSigned(app, "interactions", body, {
          timestamp: now,
          signature: `v1${signature.slice(2)}`,
        }),
    ],
    ["an unknown user", 401, () => sendSigned({ ...app, path: "/users/99" }, "interactions", body)],
    ["no user id", 401, () => sendSigned({ ...app, path: "/users/x" }, "interactions", body)],
    ["over 256 KiB", 413, () => sendSigned(app, "interactions", "a".repeat(262_145))],
    [
      "an unknown user, over 256 KiB",
      413,
      () => sendSigned({ ...app, path: "/users/99" }, "events", "a".repeat(262_145)),
    ],
    ["no payload", 400, () => sendSigned(app, "interactions", "a=1")],
    ["an empty body", 400, () => sendSigned(app, "interactions", "")],
    ["two payloads", 400, () => sendSigned(app, "interactions", `${body}&payload=%7B%7D`)],
    ["no JSON", 400, () => sendSigned(app, "interactions", "payload=%7B")],
    ["a list", 400, () => sendSigned(app, "interactions", "payload=[]")],
    ["deep JSON", 400, () => sendSigned(app, "events", "[".repeat(200_000))],
    ["UTF-16", 400, () => sendSigned(app, "events", utf16)],
    ["bytes that are no UTF-8", 400, () => sendSigned(app, "interactions", new Uint8Array([0xff]))],
    [
      "a form as an event",
      400,
      () => sendSigned(app, "events", body, { headers: { "content-type": FORM } }),
    ],
  ];
  for (const [what, status, send] of cases) {
    await t.step(what, async () => equal((await send()).status, status));
  }
  same(await taken(world), []);
  equal((await world.send("GET", "/slack/interactions")).status, 405);

  await t.step("a signed one counts once, its signature and its id", async () => {
    const fresh = click();
    const send = () => sendSigned(app, "interactions", fresh, { timestamp: now });
    equal((await send()).status, 200);
    equal((await send()).status, 401);
    equal((await sendSigned(app, "interactions", fresh, { timestamp: now - 1 })).status, 200);
    equal((await taken(world)).length, 1);
  });
  await t.step("an address is verified, only where the question is signed", async () => {
    const question = JSON.stringify({ type: "url_verification", challenge: "abc" });
    same(JSON.parse((await sendSigned(app, "events", question)).text), { challenge: "abc" });
    equal((await sendSigned({ origin, secret: "x" }, "events", question)).status, 401);
  });
});

Deno.test("a user's own app signs with the secret among its credentials", async () => {
  await using world = await startWorld();
  const ada = await world.addAccount();
  const bob = await world.addAccount();
  const app = { origin: world.origin, path: `/users/${ada.id}`, secret };
  const send = (sender = app) =>
    sendSigned(sender, "commands", `trigger_id=${crypto.randomUUID()}`);
  equal((await send()).status, 401, "there is no secret yet");
  const json = { key_name: "SLACK_SIGNING_SECRET", key_value: `${secret}\n` };
  await world.call("POST", `/users/${ada.id}/credentials`, { json });
  equal((await send()).status, 200);
  equal((await send({ ...app, path: `/users/${bob.id}` })).status, 401);
  equal((await send({ ...app, path: "" })).status, 401, "the installation has no secret");
  const [id] = await taken(world);
  match(id!, RegExp(`^user ${ada.id} command `));
  await world.db`update users set is_active = false where id = ${ada.id}`;
  equal((await send()).status, 401);
});
