import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { postOnce } from "../../../src/pipeline/notify/once.ts";
import { targetOf } from "../../../src/pipeline/notify/target.ts";
import { withLog } from "../../../src/external/log/log.ts";
import { keptIn } from "../../help/log.ts";
import { notifyDeps } from "../../help/notify_deps.ts";
import { type Fault, startSlack, type TestSlack } from "../../help/slack.ts";
import type { More } from "../../help/slack_deps.ts";
import { never, until } from "../../help/time.ts";
import { freshDatabase } from "../../help/world/postgres.ts";
import { addAccount } from "../../help/world/rows.ts";

const KEY = "list 1";

const aMessage = (text: string) => {
  return { text, blocks: [{ type: "header", text: { type: "plain_text", text, emoji: false } }] };
};

async function start(slack: TestSlack, more: More = {}) {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const ada = await addAccount(db, "ada");
  const deps = await notifyDeps(db, slack, more);
  const lines: string[] = [];
  let composed = 0;
  const message = {
    key: KEY,
    event_type: "dashkeeper_batch",
    compose() {
      composed++;
      return Promise.resolve(aMessage("Five new tables"));
    },
  };
  const target = (other: More["slack"] = {}) =>
    targetOf({ ...deps, slack: { ...deps.slack, ...other } }, ada, []);
  return {
    db,
    deps,
    composed: () => composed,
    failures: () => lines.filter((line) => line.includes("A message failed")),
    /** As another process would call it. */
    async post({ key = KEY, signal = never, slack = {} as More["slack"] } = {}) {
      const to = (await target(slack))!;
      return await withLog({ log: keptIn(lines) }, () => {
        return postOnce(deps, { ...message, key }, to, signal);
      });
    },
    async makeDue() {
      await db`
        update channel_messages set next_try_at = now(),
          posting_at = posting_at - greatest(next_try_at - now(), interval '0')
        where next_try_at is not null`;
      await db`delete from slack_pauses`;
    },
    [Symbol.asyncDispose]: fresh[Symbol.asyncDispose],
  };
}

const posts = (slack: TestSlack) => slack.forms("chat.postMessage").length;

Deno.test("postOnce() posts once for a key, and says where", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const first = await test.post();
  const [message] = await slack.messages();
  same(first, { state: "sent", channel: slack.channel, ts: message!.ts });
  same([await test.post(), test.composed()], [first, 1]);
  equal(message!.metadata!.event_type, "dashkeeper_batch");
  equal(message!.metadata!.event_payload.installation, "abc123");
  await test.post({ key: "list 2" });
  equal((await slack.messages()).length, 2);
});

Deno.test("postOnce() ends each fault with exactly one message, or the reason why not", async () => {
  for (
    const [what, first, last, reason] of [
      ["drop-after", "waiting", "sent"],
      ["hang-after", "waiting", "sent"],
      ["500", "waiting", "sent"],
      ["429", "waiting", "sent"],
      [{ error: "internal_error" }, "waiting", "sent"],
      [{ error: "not_in_channel" }, "stopped", "sent"],
      [{ error: "msg_too_long" }, "stopped", "stopped", /format of the message/],
    ] satisfies [Fault["what"], string, string, RegExp?][]
  ) {
    await using slack = await startSlack();
    await using test = await start(slack);
    slack.faults.push({ method: "chat.postMessage", what, times: 1 });
    const name = JSON.stringify(what);
    for (let i = 0; i < 2; i++) equal((await test.post()).state, first, name);
    equal(posts(slack), 1, `${name}: not before its time`);
    const [line, ...more] = test.failures();
    match(line!, first === "stopped" ? /^ERROR .* stopped\. / : /^WARNING .* is retried\. /);
    match(line!, /"event_type":"dashkeeper_batch","system":"Slack"/);
    same(more, []);
    await test.makeDue();
    const ended = await test.post();
    same([ended.state, (await slack.messages()).length], [last, last === "sent" ? 1 : 0], name);
    if (ended.state === "stopped") match(ended.why, reason!);
  }
});

Deno.test("postOnce() pauses its token for as long as Slack asks", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  slack.faults.push({ method: "chat.postMessage", what: "429", times: 1 });
  for (const key of ["list 1", "list 2"]) {
    const waits = await test.post({ key });
    ok(waits.state === "waiting" && waits.seconds > 4 && waits.seconds <= 7, key);
  }
  equal(posts(slack), 1);
});

Deno.test("postOnce() posts nothing again where the channel cannot be searched, until it can", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, { token: slack.blindToken });
  slack.faults.push({ method: "chat.postMessage", what: "drop-after", times: 1 });
  await test.post();
  for (let i = 0; i < 2; i++) {
    await test.makeDue();
    const stopped = await test.post();
    ok(stopped.state === "stopped" && stopped.code === "post_unclear");
    match(stopped.why, /It is not posted again\. With the scope channels:history/);
  }
  slack.rules.grants.set(slack.blindToken, slack.token);
  await test.makeDue();
  same([(await test.post()).state, posts(slack)], ["sent", 1]);
});

Deno.test("postOnce() finds the message of a worker that died between post and record", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  slack.faults.push({ method: "chat.postMessage", what: "hang-after", times: 1 });
  const killed = new AbortController();
  const slow = test.post({ signal: killed.signal, slack: { timeoutMs: 60_000 } });
  await until(() => slack.faults.every(({ times }) => times === 0));
  same(await test.post(), { state: "waiting", seconds: 2, why: null });
  await test.db`update channel_messages set claimed_until = now() - interval '1 second',
    posting_at = posting_at - interval '31 seconds'`;
  equal((await test.post()).state, "sent");
  killed.abort();
  equal((await slow).state, "sent");
  same([posts(slack), (await slack.messages()).length], [1, 1]);
});

Deno.test("postOnce() does not begin a post when another worker has the claim", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const lost = postOnce(
    test.deps,
    {
      key: KEY,
      event_type: "dashkeeper_batch",
      async compose() {
        await test.db`update channel_messages set claimed_until = now() - interval '1 second',
    posting_at = posting_at - interval '31 seconds'`;
        equal((await test.post()).state, "sent");
        return aMessage("late");
      },
    },
    (await targetOf(test.deps, 1, []))!,
    never,
  );
  equal((await lost).state, "sent");
  same((await slack.messages()).map(({ text }) => text), ["Five new tables"]);
});

Deno.test("postOnce() tries a refused message at once with another token or channel", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  slack.rules.refusal = "is_archived";
  equal((await test.post()).state, "stopped");
  slack.rules.refusal = undefined;
  equal((await test.post()).state, "stopped");
  test.deps.outside.slack_channel = slack.otherChannel;
  equal((await test.post()).state, "sent");
  same((await slack.messages(slack.otherChannel)).length, 1);
});
