import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { type AppWorld, MEMBER, startAppWorld, TEAM } from "../help/slack_app/app_world.ts";
import { pressables } from "../help/slack_app/press.ts";
import type { Message } from "../help/slack.ts";

const ACTOR = `slack:${TEAM}/${MEMBER}`;
const textsOf = (message: Message) => pressables(message).map(({ text }) => text);
/** The lines of a message that name people. */
const historyOf = ({ blocks }: Message) =>
  blocks.flatMap(({ elements }) => elements ?? []).filter(({ type }) => type === "mrkdwn")
    .map(({ text }) =>
      text.replace(/<!date\^\d+\^\{date_short_pretty\} \{time\}\|[^>]+>/g, "TIME")
    );
const stateOf = ({ muted_by, muted_until, acknowledged_by }: Record<string, string | null>) => ({
  muted_by,
  is_for_good: muted_by !== null && muted_until === null,
  days: muted_until ? Math.round((Date.parse(muted_until) - Date.now()) / 86_400_000) : 0,
  acknowledged_by,
});
const actionsOf = async (world: AppWorld) =>
  (await world.recorded("&actor=" + encodeURIComponent(ACTOR))).toReversed();

Deno.test("the buttons of a run's message: each does what it says, on row, page, message and audit", async (t) => {
  await using world = await startAppWorld();
  const id = await world.addRow();
  await world.drain();
  const message = async () => (await world.messageOf(id))!;
  const posted = await message();
  same(textsOf(posted), [
    ...["Open dashboard", "Take new preview", "Acknowledge"],
    ...["Mute for a day", "Mute for a week", "Mute for good", "Unmute"],
  ]);
  const pageText = async () => {
    const cookie = await world.signIn(world.ada.api_key);
    return (await world.send("GET", `/dashboards/${id}`, { headers: { cookie } })).text;
  };
  const press = async (text: string) => equal(await world.press(posted, text), 200);
  const none = { muted_by: null, is_for_good: false, days: 0, acknowledged_by: null };

  await t.step("Open dashboard only opens it", async () => {
    await press("Open dashboard");
    same(await message(), posted);
    same(stateOf(await world.row(id)), none);
  });
  for (
    const [text, days, line, shown] of [
      ["Mute for a day", 1, "Muted until TIME by <@U0GRACE>, TIME.", /Muted until /],
      ["Mute for a week", 7, "Muted until TIME by <@U0GRACE>, TIME.", /Muted until /],
      ["Mute for good", 0, "Muted for good by <@U0GRACE>, TIME.", /Muted for good by slack:/],
    ] as const
  ) {
    await t.step(text, async () => {
      await press(text);
      same(stateOf(await world.row(id)), {
        ...none,
        ...{ muted_by: ACTOR, days, is_for_good: days === 0 },
      });
      same(historyOf(await message()), [line]);
      match(await pageText(), shown);
      match(await pageText(), />Unmute</);
    });
  }
  await t.step("Unmute", async () => {
    await press("Unmute");
    same(stateOf(await world.row(id)), none);
    same(historyOf(await message()), ["Unmuted by <@U0GRACE>, TIME."]);
    match(await pageText(), />Mute</);
  });
  await t.step("Acknowledge", async () => {
    match(await pageText(), />Acknowledge</);
    await press("Acknowledge");
    const row = await world.row(id);
    same(stateOf(row), { ...none, acknowledged_by: ACTOR });
    match(row.acknowledged_at, /Z$/);
    const acknowledged = await message();
    equal(historyOf(acknowledged)[0], "Acknowledged by <@U0GRACE>, TIME.");
    ok(!textsOf(acknowledged).includes("Acknowledge"));
    const page = await pageText();
    match(page, /Acknowledged by slack:/);
    ok(!/>Acknowledge</.test(page), "its button is gone");
    equal(
      await world.press(posted, "Acknowledge", { at: { ...world.place, user: "U0LATE" } }),
      200,
    );
    equal((await world.row(id)).acknowledged_by, ACTOR, "the first one counts");
  });
  same(await actionsOf(world), [
    ...["mute", "mute", "mute", "unmute", "acknowledge"].map((action) =>
      `${ACTOR}: dashboard.${action} ada/qor/public.runs ok`
    ),
  ]);
  const { slack_message } = await world.row(id);
  same(slack_message.blocks, (await message()).blocks, "the page shows what the channel shows");
});

Deno.test("Take new preview replaces the picture of that message, once a minute", async () => {
  await using world = await startAppWorld();
  const id = await world.addRow({ worse: false });
  await world.drain();
  const posted = (await world.messageOf(id))!;
  const image = async () => {
    const { blocks } = (await world.messageOf(id))!;
    return blocks.find(({ type }) => type === "image").slack_file.id as string;
  };
  const first = await image();

  // By page or API, nothing changes in Slack.
  await world.call("POST", `/dashboards/${id}/capture`);
  await world.capture();
  equal((await world.row(id)).step, "done");
  await world.drain();
  equal(await image(), first);

  equal(await world.press(posted, "Take new preview"), 200);
  equal((await world.row(id)).step, "capture");
  const gif = await world.capture();
  await world.drain();
  const second = await image();
  const file = (await world.slack.files()).find((one) => one.id === second)!;
  same(new Uint8Array(await world.slack.download(file)), gif);
  same(historyOf((await world.messageOf(id))!), ["New preview taken by <@U0GRACE>, TIME."]);
  ok(!/Corrected/.test(JSON.stringify(await world.messageOf(id))));
  equal((await world.slack.messages()).length, 1, "no second message");
  equal((await world.row(id)).step, "done");

  // Too soon.
  const at = { ...world.place, response_url: world.slack.responseUrl };
  equal(await world.press(posted, "Take new preview", { at }), 200);
  equal((await world.row(id)).step, "done");
  equal((await actionsOf(world)).length, 1);
  match(
    world.slack.answers[0]!.text,
    /^A preview was asked for less than a minute ago\. Try again in \d+ s\.$/,
  );
  await world.db`update runs set recaptured_at = now() - interval '61 seconds'`;
  equal(await world.press(posted, "Take new preview", { at }), 200);
  equal((await world.row(id)).step, "capture");
  await world.capture();
  await world.drain();

  // At an older run's message, and at addresses that are not Slack's.
  await world.addRun(id);
  await world.drain();
  await world.db`update runs set recaptured_at = now() - interval '61 seconds'`;
  equal(await world.press(posted, "Take new preview", { at }), 200);
  equal((await world.row(id)).step, "done");
  equal(
    world.slack.answers[1]!.text,
    "This is run 1; the newest is run 2. Take the preview at its message.",
  );
  for (const response_url of [`${world.origin}/livez`, "file:///etc/passwd", "x"]) {
    equal(await world.press(posted, "Take new preview", { at: { ...at, response_url } }), 200);
  }
  ok(world.lines.some((line) => line.includes("The call's response_url is not Slack's")));
  equal(world.slack.answers.length, 2);
});
