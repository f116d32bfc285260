import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import { type AppWorld, SECRET, startAppWorld } from "../help/slack_app/app_world.ts";
import { asForm, interactionOf, pressables } from "../help/slack_app/press.ts";
import { sendSigned, signatureOf } from "../help/slack_app/sign.ts";
import type { Message } from "../help/slack.ts";
import { never } from "../help/time.ts";
import { startBeside } from "../help/slack_app/beside.ts";
import { finishCalls } from "../../src/slack/inbox.ts";

const muted = async (world: AppWorld, id: number) => (await world.row(id)).muted_by !== null;
const option = (message: Message, text = "Mute for good") =>
  pressables(message).find((one) => one.text === text)!;

Deno.test("a press reaches the row of its message alone: in its team and channel, by its app", async (t) => {
  await using world = await startAppWorld();
  const { slack, place, slackApp } = world;
  const bob = await world.addAccount({ username: "bob" });
  const save = async (key_name: string, key_value: string) => {
    const json = { key_name, key_value };
    const path = `/users/${bob.id}/credentials`;
    equal((await world.call("POST", path, { json })).status, 201);
  };
  await save("SLACK_BOT_TOKEN", slack.blindToken);
  await save("SLACK_CHANNEL_ID", slack.otherChannel);
  const silent = await world.addRow({ user: bob, table_name: "before" });
  await world.drain();
  const before = (await world.messageOf(silent, 1, slack.otherChannel))!;
  same(pressables(before).map(({ text }) => text), ["Open dashboard"], "its app cannot call");

  await save("SLACK_SIGNING_SECRET", "bobs own secret");
  const own = await world.addRow({ table_name: "adas" });
  const his = await world.addRow({ user: bob, table_name: "bobs" });
  await world.drain();
  const adas = (await world.messageOf(own))!;
  const bobs = (await world.messageOf(his, 1, slack.otherChannel))!;
  const there = { ...place, channel: slack.otherChannel };
  const bobsApp = { ...slackApp, path: `/users/${bob.id}`, secret: "bobs own secret" };

  const cases: [what: string, id: number, () => Promise<number>][] = [
    [
      "another team",
      own,
      () => world.press(adas, "Mute for good", { at: { ...place, team: "T0OTHER" } }),
    ],
    ["another channel", own, () => world.press(adas, "Mute for good", { at: there })],
    ["another message", own, () => world.press({ ...adas, ts: "1.000001" }, "Mute for good")],
    ["another user's app", own, () => world.press(adas, "Mute for good", { by: bobsApp })],
    [
      "the installation's app, on a user's own",
      his,
      () => world.press(bobs, "Mute for good", { at: there }),
    ],
    ["a member of another team in a shared channel", own, async () => {
      const payload = interactionOf(option(adas), adas, place);
      payload.user.team_id = "T0OTHER";
      return (await sendSigned(slackApp, "interactions", asForm(payload))).status;
    }],
    ["a value of another row", own, async () => {
      const pressed = option(adas);
      const value = `${his}.1 good`;
      const payload = interactionOf(
        { ...pressed, action: { ...pressed.action, selected_option: { value } } },
        adas,
        place,
      );
      return (await sendSigned(slackApp, "interactions", asForm(payload))).status;
    }],
    [
      "a button that the message does not have",
      silent,
      () => world.press({ ...adas, ts: before.ts }, "Mute for good", { by: bobsApp, at: there }),
    ],
  ];
  for (const [what, id, send] of cases) {
    await t.step(`${what}: 200, and nothing`, async () => {
      equal(await send(), 200);
      await world.settled();
      equal(await muted(world, id), false);
      equal(await muted(world, his), false);
    });
  }
  await t.step("payloads that are none of ours: 200, and nothing", async () => {
    const real = interactionOf(option(adas), adas, place);
    const odd = [
      {},
      { ...real, type: "view_submission" },
      { ...real, actions: [] },
      { ...real, actions: "x" },
      { ...real, team: null },
      { ...real, user: { id: "U1/../../x" } },
      { ...real, actions: [{ action_id: "mute" }] },
      { ...real, actions: [{ action_id: "mute", value: `${own}.1 forever` }] },
      { ...real, actions: [{ action_id: "mute", value: `${own}.1 __proto__` }] },
      { ...real, actions: [{ action_id: "mute", value: "99999999999999999999.1 day" }] },
      { ...real, actions: [{ action_id: "remove", value: `${own}.1` }] },
    ];
    for (const payload of odd) {
      const form = asForm({ ...payload, trigger_id: crypto.randomUUID() });
      equal((await sendSigned(slackApp, "interactions", form)).status, 200, form);
    }
    await world.settled();
    equal(await muted(world, own), false);
  });
  await t.step("a user's own app reaches that user's row", async () => {
    equal(await world.press(bobs, "Mute for good", { at: there, by: bobsApp }), 200);
    same([await muted(world, his), await muted(world, own)], [true, false]);
  });
  await t.step("forged, stale, again: refused", async () => {
    const send = (how: object, by = slackApp) =>
      world.press(adas, "Mute for good", { by, odd: how });
    const now = Math.floor(Date.now() / 1000);
    equal(await send({}, { ...slackApp, secret: "guessed" }), 401);
    equal(await send({ timestamp: now - 301 }), 401);
    const form = asForm(interactionOf(option(adas, "Mute for a day"), adas, place));
    const signature = await signatureOf(SECRET, now, form);
    equal(await send({ timestamp: now, signature }), 401, "of another body");
    equal(await muted(world, own), false);
    const again = () => sendSigned(slackApp, "interactions", form, { timestamp: now, signature });
    equal((await again()).status, 200);
    await world.settled();
    await world.call("DELETE", `/dashboards/${own}/mute`);
    equal((await again()).status, 401);
    equal((await sendSigned(slackApp, "interactions", form, { timestamp: now + 1 })).status, 200);
    await world.settled();
    equal(await muted(world, own), false, "its trigger was handled");
  });
});

Deno.test("two processes get the same press: one effect; a press outlives the process that took it", async () => {
  await using world = await startAppWorld();
  await using other = await startBeside(world);
  const id = await world.addRow();
  await world.drain();
  const message = (await world.messageOf(id))!;
  const entries = async () => (await world.recorded("&action=dashboard.mute")).length;
  for (const [i, text] of ["Mute for a day", "Mute for a week"].entries()) {
    const payload = interactionOf(option(message, text), message, world.place);
    const form = asForm(payload);
    const now = Math.floor(Date.now() / 1000);
    const answers = await Promise.all(
      [world, other, world, other].map(({ origin }, n) =>
        sendSigned({ origin, secret: SECRET }, "interactions", form, { timestamp: now - n })
      ),
    );
    same(answers.map(({ status }) => status), [200, 200, 200, 200]);
    await Promise.all([world.settled(), other.inbox.idle()]);
    equal(await entries(), i + 1);
  }
  const same_signature = asForm(interactionOf(option(message, "Unmute"), message, world.place));
  const answers = await Promise.all(
    [world, other].map(({ origin }) =>
      sendSigned({ origin, secret: SECRET }, "interactions", same_signature)
    ),
  );
  same(answers.map(({ status }) => status).toSorted(), [200, 401]);
  await Promise.all([world.settled(), other.inbox.idle()]);

  // Killed after its answer: another process finds the press in the database.
  other.kill();
  const last = asForm(interactionOf(option(message, "Mute for good"), message, world.place));
  equal(
    (await sendSigned({ origin: other.origin, secret: SECRET }, "interactions", last)).status,
    200,
  );
  equal(await muted(world, id), false);
  await finishCalls(world.deps, never);
  equal(await muted(world, id), true);
  equal(await entries(), 3);
});
