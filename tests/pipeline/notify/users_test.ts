import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert";
import { notifyNext } from "../../../src/pipeline/notify/notify.ts";
import { startSlack } from "../../help/slack.ts";
import { slackDeps } from "../../help/slack_deps.ts";
import { never } from "../../help/time.ts";
import { addDashboard, stateOf } from "../../help/world/rows.ts";
import { startWorld } from "../../help/world/world.ts";

Deno.test("notifyNext() posts each user's runs with their own token and channel; a broken one stops its own alone", async () => {
  await using slack = await startSlack();
  await using test = await startWorld({ user: true });
  const bob = await test.addUser();
  const deps = {
    ...test.deps,
    ...slackDeps(slack),
    frontend_url: "http://a.test",
    board_link_days: 1,
  };
  const save = (user_id: number, key_name: string, key_value: string) =>
    test.call("POST", `/users/${user_id}/credentials`, { json: { key_name, key_value } });
  await save(test.ada.id, "SLACK_BOT_TOKEN", "xoxb-revoked");
  equal((await save(test.ada.id, "SLACK_CHANNEL_ID", slack.otherChannel)).status, 201);
  const hers = await addDashboard(test.db, test.ada.id, { table_name: "a", step: "notify" });
  const his = await addDashboard(test.db, bob.id, { table_name: "b", step: "notify" });
  while (await notifyNext(deps, never));
  match((await stateOf(test.db, hers)).last_error!, /SLACK_BOT_TOKEN/);
  equal((await stateOf(test.db, his)).step, "done");
  same([(await slack.messages()).length, (await slack.messages(slack.otherChannel)).length], [
    1,
    0,
  ]);

  const changed = await test.call("PUT", `/users/${test.ada.id}/credentials/SLACK_BOT_TOKEN`, {
    json: { key_value: slack.token },
  });
  equal(changed.status, 200);
  while (await notifyNext(deps, never));
  equal((await stateOf(test.db, hers)).step, "done");
  equal((await slack.messages(slack.otherChannel)).length, 1);
});

Deno.test("a saved token or channel names each missing scope, and the diagnosis what of Slack works", async () => {
  await using slack = await startSlack();
  const { outside } = slackDeps(slack);
  await using test = await startWorld({ user: true, outside });
  const save = async (key_name: string, key_value: string) => {
    const path = `/users/${test.ada.id}/credentials`;
    return (await test.call("POST", path, { json: { key_name, key_value } })).body.warnings;
  };
  match((await save("SLACK_CHANNEL_ID", "C0NOWHERE"))[0], /finds no such channel/);
  const path = `/users/${test.ada.id}/credentials/SLACK_CHANNEL_ID`;
  const put = await test.call("PUT", path, { json: { key_value: slack.channel } });
  equal(put.body.warnings, undefined);
  same(await save("SLACK_BOT_TOKEN", slack.silentToken), [
    'The Slack app lacks the scope files:write. Add it under "OAuth & Permissions" and install the app again.',
  ]);
  const row = await addDashboard(test.db, test.ada.id, { table_name: "a", step: "notify" });
  await test
    .db`update dashboards set stopped = true, last_error = 'Invite the app.' where id = ${row}`;
  const slackOf = ({ what }: { what: string }) => what.startsWith("Slack");
  const { body } = await test.call("GET", "/diagnosis");
  same([body.slack.missing, body.slack.is_member, body.slack.can_upload], [[], true, true]);
  same(body.findings.filter(slackOf), [
    {
      what: `Slack of ${test.ada.username}`,
      message:
        'The token lacks the scopes files:write. Add them under "OAuth & Permissions" and install the app again; the token stays the same.',
    },
    { what: `Slack for ${test.ada.username}`, message: "Invite the app." },
  ]);
  slack.faults.push({
    method: "files.getUploadURLExternal",
    what: { error: "file_uploads_disabled" },
    times: 1,
  });
  const forbidden = (await test.call("GET", "/diagnosis")).body;
  equal(forbidden.slack.can_upload, false);
  match(forbidden.findings.filter(slackOf)[0].message, /does not allow this upload/);
});
