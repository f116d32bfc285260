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
