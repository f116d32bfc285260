import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { lastDue } from "../../src/pipeline/digest/schedule.ts";
import { postDigests } from "../../src/pipeline/digest/digest.ts";
import { never } from "../help/time.ts";
import { addBatch } from "../help/world/rows.ts";
import { refused } from "../help/world/world.ts";
import { type AppWorld, startAppWorld } from "../help/slack_app/app_world.ts";
import { pressables } from "../help/slack_app/press.ts";

const soon = () => new Date(Date.now() + 3_600_000).toISOString();
const sent = async ({ slack }: AppWorld) => (await slack.messages()).length;
const stateOf = async (world: AppWorld, id: number) => {
  const { step, stopped, slack_sent_at, muted_by, muted_until } = await world.row(id);
  return { step, stopped, is_sent: slack_sent_at !== null, muted_by, muted_until };
};
const textOf = async (world: AppWorld, id: number, run = 1) =>
  JSON.stringify((await world.messageOf(id, run))!.blocks);

Deno.test("POST and DELETE …/mute: fields, refusals, audit and message", async (t) => {
  await using world = await startAppWorld();
  const id = await world.addRow();
  await world.drain();
  const mute = (json: unknown) =>
    world.call("POST", `/dashboards/${id}/mute`, { key: world.ada.api_key, json });
  const cases: unknown[] = [
    {},
    { until: undefined },
    { until: "" },
    { until: "tomorrow" },
    { until: 1 },
    { until: new Date(Date.now() - 1000).toISOString() },
    { until: "2020-01-01T00:00:00Z" },
    { until: "99999-01-01T00:00:00Z" },
    { until: soon(), more: 1 },
  ];
  for (const json of cases) {
    await t.step(`${JSON.stringify(json)} is refused`, async () => {
      refused(await mute(json), 422, "invalid_input");
      equal((await world.row(id)).muted_by, null);
    });
  }
  await t.step("until a time, for good, and unmuted again", async () => {
    const until = soon();
    const offset = `${new Date(Date.parse(until) + 7_200_000).toISOString().slice(0, -1)}+02:00`;
    const muted = await mute({ until: offset });
    equal(muted.status, 200, muted.text);
    same([muted.body.muted_by, muted.body.muted_until], ["ada", until]);
    await world.settled();
    match(await textOf(world, id), /Muted until <!date\^\d+\^[^>]+> by ada, </);

    same((await mute({ until: null })).body.muted_until, null);
    await world.settled();
    match(await textOf(world, id), /Muted for good by ada, </);

    const un = () => world.call("DELETE", `/dashboards/${id}/mute`);
    const unmuted = await un();
    same([unmuted.status, unmuted.body.muted_by, unmuted.body.muted_until], [200, null, null]);
    await world.settled();
    match(await textOf(world, id), /Unmuted by admin, </);
    equal((await un()).status, 200, "it is not muted: nothing changes");
    same(await world.recorded("&user_id=" + world.ada.id), [
      "admin: dashboard.unmute ada/qor/public.runs ok",
      ...Array(2).fill("ada: dashboard.mute ada/qor/public.runs ok"),
    ]);
  });
  await t.step("acknowledge: once, and only a run that got worse", async () => {
    const better = await world.addRow({ worse: false, table_name: "better" });
    const path = (id: number) => `/dashboards/${id}/acknowledge`;
    refused(await world.call("POST", path(better)), 409, "not_worse");
    const done = await world.call("POST", path(id));
    same([done.status, done.body.acknowledged_by], [200, "admin"]);
    const again = await world.call("POST", path(id), { key: world.ada.api_key });
    same([again.status, again.body.acknowledged_by], [200, "admin"]);
    await world.settled();
    const message = (await world.messageOf(id))!;
    match(JSON.stringify(message.blocks), /Acknowledged by admin, </);
    ok(!pressables(message).some(({ text }) => text === "Acknowledge"));
    await world.addRun(id);
    equal((await world.row(id)).acknowledged_by, null, "of the newest run");
  });
});

Deno.test("a muted row ends at done and is not posted; unmuting posts nothing old", async (t) => {
  await using world = await startAppWorld();
  const { db, slack } = world;
  const mute = (id: number, until: string | null = null) =>
    world.call("POST", `/dashboards/${id}/mute`, { json: { until } });
  const id = await world.addRow();
  await mute(id);
  await t.step("muted before its first message", async () => {
    await world.drain();
    same(await stateOf(world, id), {
      ...{ step: "done", stopped: false, is_sent: false },
      ...{ muted_by: "admin", muted_until: null },
    });
    equal(await sent(world), 0);
    refused(await world.call("POST", `/dashboards/${id}/post`), 409, "muted");
    const { slack_message } = await world.row(id);
    ok(!/Muted/.test(JSON.stringify(slack_message)), "what is kept would not be kept up to date");
  });
  await t.step("unmuted: only the next run is posted", async () => {
    await world.call("DELETE", `/dashboards/${id}/mute`);
    await world.settled();
    await world.drain();
    equal(await sent(world), 0);
    await world.addRun(id);
    await world.drain();
    equal(await sent(world), 1);
    ok(await world.messageOf(id, 2));
  });
  await t.step("a mute that has run out mutes no more", async () => {
    await mute(id, soon());
    await world.settled();
    match(await textOf(world, id, 2), /Muted until /);
    await db`update dashboards set muted_until = now() - interval '1 second' where id = ${id}`;
    await db`update retries set due_at = now() where kind = 'mute_expiry'`;
    await world.settled();
    ok(!/uted/.test(await textOf(world, id, 2)), "its message says so too");
    const { muted_by, muted_until } = await stateOf(world, id);
    same([muted_by, muted_until], [null, null]);
    await world.addRun(id);
    await world.drain();
    equal(await sent(world), 2);
  });
  await t.step("muted while Slack refuses its message", async () => {
    slack.rules.refusal = "is_archived";
    await world.addRun(id);
    await world.drain();
    slack.rules.refusal = undefined;
    equal((await stateOf(world, id)).stopped, true);
    await mute(id);
    await world.drain();
    const { step, stopped, is_sent } = await stateOf(world, id);
    same([step, stopped, is_sent], ["done", false, false]);
    equal(await sent(world), 2);
    await world.settled();
    match(
      await textOf(world, id, 3),
      /Muted for good by admin/,
      "the newest posted message says so",
    );
  });
});

Deno.test("lists of new tables and digests leave muted dashboards out", async () => {
  await using world = await startAppWorld();
  const { db, slack } = world;
  const ids = [];
  for (let i = 0; i < 6; i++) ids.push(await world.addRow({ table_name: `runs${i}` }));
  await addBatch(db, world.ada.id, ids);
  await world.call("POST", `/dashboards/${ids[3]}/mute`, { json: { until: null } });
  await world.drain();
  const [list, ...others] = await slack.roots();
  equal(others.length, 0);
  equal(list!.blocks[0].text.text, "5 new tables of ada, 5 worse");
  ok(!JSON.stringify(list).includes("runs3"));
  equal((await slack.replies(list!.ts)).length, 5);

  const schedule = { hour: 8, minute: 30, zone: "UTC" };
  const at = lastDue(schedule, new Date());
  const before = new Date(at.getTime() - 3_600_000).toISOString();
  await db`insert into digest_schedule (schedule, since) values ('08:30 UTC', '2020-01-01')`;
  await db`update runs set numbers_at = ${before}`;
  const deps = { ...world.deps, slack: { ...world.deps.slack, digest_at: schedule } };
  await postDigests(deps, never, new Date(at.getTime() + 60_000));
  const digest = (await slack.roots()).at(-1)!;
  equal(digest.metadata!.event_type, "dashkeeper_digest");
  equal(digest.blocks[0].text.text, "Daily digest: 5 tables worse");
  ok(!JSON.stringify(digest).includes("runs3"));
});

Deno.test("the page's forms mute, unmute and acknowledge without a script", async () => {
  await using world = await startAppWorld();
  const id = await world.addRow();
  await world.drain();
  const cookie = await world.signIn(world.ada.api_key);
  const page = async () =>
    (await world.send("GET", `/dashboards/${id}`, { headers: { cookie } })).text;
  const submit = async (what: string, fields = {}, headers: Record<string, string> = {}) => {
    const body = new URLSearchParams(fields);
    const path = `/dashboards/${id}/${what}`;
    return await world.send("POST", path, { headers: { cookie, ...headers }, body });
  };
  const shown = await page();
  for (const what of ["mute", "acknowledge"]) {
    ok(shown.includes(`action="/dashboards/${id}/${what}`));
  }
  for (const [name, days] of [["day", 1], ["week", 7], ["good", 0]] as const) {
    const reply = await submit("mute", { for: name });
    same([reply.status, reply.headers.get("location")], [303, `/dashboards/${id}`]);
    const { muted_by, muted_until } = await world.row(id);
    equal(muted_by, "ada");
    const left = muted_until && Math.round((Date.parse(muted_until) - Date.now()) / 86_400_000);
    equal(left, days || null);
  }
  equal((await submit("mute", { for: "ever" })).status, 422);
  equal((await submit("mute", { for: "day" }, { "x-form-token": "forged" })).status, 403);
  match(await page(), /Muted for good by ada: its runs are not posted\./);
  equal((await submit("unmute?from=row")).status, 303);
  equal((await submit("acknowledge?from=row")).status, 303);
  await world.settled();
  match(await page(), /Acknowledged by ada, /);
  match(await textOf(world, id), /Acknowledged by ada, .*Unmuted by ada, /);
});

Deno.test("a message has buttons only where its app can call, and only those of its content", async () => {
  const buttons = async (outside = {}, content?: "numbers" | "link") => {
    await using world = await startAppWorld(outside);
    if (content) Object.assign(world.deps.slack, { content });
    const id = await world.addRow();
    await world.drain();
    return pressables((await world.messageOf(id))!).map(({ text }) => text);
  };
  const open = "Open dashboard";
  const mutes = ["Mute for a day", "Mute for a week", "Mute for good", "Unmute"];
  same(await buttons({ slack_signing_secret: undefined }), [open]);
  const all = [open, "Take new preview", "Acknowledge", ...mutes];
  same(await buttons({ slack_signing_secret: undefined, slack_app_token: "xapp-1" }), all);
  same(await buttons({}, "numbers"), [open, "Acknowledge", ...mutes]);
  same(await buttons({}, "link"), [open, ...mutes]);
});
