import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { notifyNext } from "../../../src/pipeline/notify/notify.ts";
import { startSlack } from "../../help/slack.ts";
import { slackDeps } from "../../help/slack_deps.ts";
import { never } from "../../help/time.ts";
import { addDashboard, stateOf } from "../../help/world/rows.ts";
import { startWorld, type User, type World } from "../../help/world/world.ts";

Deno.test("notifyNext() posts each user's runs by their own token and channel, the defaults or a route; a revoked token stops its own alone", async () => {
  await using slack = await startSlack();
  const { outside } = slackDeps(slack);
  await using test = await startWorld({ outside });
  const deps = {
    ...test.deps,
    ...slackDeps(slack, { slack: { routes: [{ pattern: "gpu_*", channel: slack.otherChannel }] } }),
    frontend_url: "http://a.test",
    board_link_days: 1,
  };
  const [ada, bob, carol] = [
    await test.addAccount(),
    await test.addAccount(),
    await test.addAccount(),
  ];
  const save = async (user: User, key_name: string, key_value: string) => {
    const path = `/users/${user.id}/credentials`;
    const json = { key_name, key_value };
    equal((await test.call("POST", path, { json })).status, 201);
  };
  await save(ada, "SLACK_BOT_TOKEN", "xoxb-revoked");
  await save(ada, "SLACK_CHANNEL_ID", slack.otherChannel);
  await save(bob, "SLACK_CHANNEL_ID", slack.otherChannel);
  const hers = [];
  for (const table_name of ["ada_1", "ada_2"]) {
    hers.push(await addDashboard(test.db, ada.id, { table_name, step: "notify" }));
  }
  await addDashboard(test.db, bob.id, { table_name: "bob_1", step: "notify" });
  await addDashboard(test.db, carol.id, { table_name: "carol_1", step: "notify" });
  await addDashboard(test.db, carol.id, { table_name: "gpu_1", step: "notify" });
  const drain = async () => {
    while (await notifyNext(deps, never));
  };
  await drain();
  const tablesIn = async (channel: string) => {
    const texts = (await slack.messages(channel)).map(({ text }) => text);
    return texts.map((text) => /\b(?:ada|bob|carol|gpu)_\d/.exec(text)![0]).toSorted();
  };
  same(await tablesIn(slack.channel), ["carol_1"]);
  same(await tablesIn(slack.otherChannel), ["bob_1", "gpu_1"]);
  const posts = slack.calls.filter(({ method }) => method === "chat.postMessage");
  equal(posts.length, 3, "the revoked token posts nothing");

  // On her rows, her page and the diagnosis, on nobody else's page.
  const reason = /Slack does not accept the bot token/;
  for (const id of hers) match((await stateOf(test.db, id)).last_error!, reason);
  for (const user of [ada, bob, carol]) {
    const is_hers = user === ada;
    const pages = await readPages(test, user, [`/users/${user.id}`, "/dashboards"]);
    for (const page of pages) equal(reason.test(page), is_hers, user === ada ? "ada" : "others");
    const { body } = await test.call("GET", "/dashboards", { key: user.api_key });
    const codes = body.dashboards.map(({ error_code }: { error_code: string }) => error_code);
    equal(codes.includes("invalid_auth"), is_hers);
  }
  const { findings } = (await test.call("GET", "/diagnosis")).body;
  const named = findings.filter(({ message }: { message: string }) => reason.test(message));
  ok(named.length > 0);
  for (const { what } of named) match(what, new RegExp(`^Slack (?:of|for) ${ada.username}$`));

  const path = `/users/${ada.id}/credentials/SLACK_BOT_TOKEN`;
  equal((await test.call("PUT", path, { json: { key_value: slack.token } })).status, 200);
  await drain();
  same(await tablesIn(slack.otherChannel), ["ada_1", "ada_2", "bob_1", "gpu_1"]);
  const [page] = await readPages(test, ada, [`/users/${ada.id}`]);
  equal(reason.test(page!), false);
});

/** The pages as a member sees them. */
async function readPages({ send, origin }: World, { api_key }: User, paths: string[]) {
  const body = new URLSearchParams({ api_key });
  const signedIn = await send("POST", "/sign-in", { body, headers: { origin } });
  const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
  const pages = paths.map((path) => send("GET", path, { headers: { cookie } }));
  return (await Promise.all(pages)).map(({ text }) => text);
}

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
  slack.rules.scopes.set("xoxb-bare", []);
  const again = `/users/${test.ada.id}/credentials/SLACK_BOT_TOKEN`;
  const bare = await test.call("PUT", again, { json: { key_value: "xoxb-bare" } });
  same(
    bare.body.warnings.map((text: string) => /lacks the scope (\S+)\./.exec(text)?.[1]),
    ["chat:write", "files:write", "files:read", "channels:history"],
  );
  await test.call("PUT", again, { json: { key_value: slack.silentToken } });
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
