import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { addCredential } from "../../src/credentials/credentials.ts";
import { startWorkers } from "../../src/jobs/workers.ts";
import { notifyNext } from "../../src/pipeline/notify/notify.ts";
import { TokenLimit } from "../../src/pipeline/notify/token_limit.ts";
import type { Who } from "../../src/who.ts";
import { SILENT } from "../../src/external/log/log.ts";
import { notifyDeps } from "../help/notify_deps.ts";
import { waitFor } from "../help/service/service.ts";
import { startSlack, type TestSlack } from "../help/slack.ts";
import type { More } from "../help/slack_deps.ts";
import { freshDatabase } from "../help/world/postgres.ts";
import { addAccount, addDashboard } from "../help/world/rows.ts";

const admin = { user_id: 1, username: "admin", role: "admin", from: "127.0.0.1" } as Who;
const GIF = new TextEncoder().encode("GIF89a, then what a browser drew");

/** Times mean little on a machine that does much else. */
const isLoaded = () => Deno.loadavg()[0]! > 3;

/** The workers of the step "notify", over a database of their own. */
async function start(slack: TestSlack, more: More = {}) {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const deps = await notifyDeps(db, slack, more);
  let claims = 0;
  return {
    db,
    claims: () => claims,
    addUser: (name: string) => addAccount(db, name),
    async ownSlack(user_id: number, token: string, channel: string) {
      for (
        const [key_name, key_value] of [["SLACK_BOT_TOKEN", token], ["SLACK_CHANNEL_ID", channel]]
      ) {
        await addCredential(deps, admin, user_id, { key_name: key_name!, key_value: key_value! });
      }
    },
    add: (user_id: number, table_name: string) =>
      addDashboard(db, user_id, { table_name, step: "notify", gif: GIF }),
    work() {
      const stopped = new AbortController();
      const tokens = new TokenLimit();
      const next = () => {
        claims++;
        return notifyNext(deps, stopped.signal, tokens);
      };
      const work = { most: 12, next, busy: () => tokens.busyUsers() };
      const workers = startWorkers({ db, log: SILENT }, "notify", work, stopped.signal);
      return {
        wake: workers.wake,
        async stop() {
          stopped.abort();
          await workers.idle();
        },
      };
    },
    async untilDone(rows: number, seconds: number) {
      await waitFor(`${rows} rows done`, async () => {
        const done = await db`select 1 from dashboards where step = 'done'`;
        return done.length === rows;
      }, seconds);
    },
    [Symbol.asyncDispose]: fresh[Symbol.asyncDispose],
  };
}

Deno.test("startWorkers() posts others' rows while one user's Slack hangs, and loses none of theirs", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, { slack: { timeoutMs: 60_000 } });
  const ada = await test.addUser("ada");
  const bob = await test.addUser("bob");
  await test.ownSlack(ada, slack.blindToken, slack.otherChannel);
  for (let i = 0; i < 12; i++) await test.add(ada, `slow${i}`);
  slack.faults.push({
    method: "files.getUploadURLExternal",
    what: "hang",
    times: Infinity,
    token: slack.blindToken,
  });
  const first = test.work();
  first.wake();
  await waitFor("two calls that hang", () => slack.calls.length === 2, 30);

  const began = performance.now();
  await test.add(bob, "quick");
  first.wake();
  await test.untilDone(1, 30);
  const ms = performance.now() - began;
  ok(ms < (isLoaded() ? 30_000 : 2_000), `${ms} ms`);
  equal((await slack.messages()).length, 1);

  // A row of bob's that is due later is taken by the workers' own alarm.
  slack.faults.push({ method: "files.info", what: "500", times: 1, token: slack.token });
  await test.add(bob, "later");
  first.wake();
  await test.untilDone(2, 40);
  const claims = test.claims();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  equal(test.claims(), claims, "with nothing due, nobody asks");
  equal(slack.forms("files.getUploadURLExternal").length, 4, "two of ada's, two of bob's");

  await first.stop();
  slack.faults.length = 0;
  const second = test.work();
  second.wake();
  await test.untilDone(14, 60);
  await second.stop();
  same([(await slack.messages(slack.otherChannel)).length, (await slack.messages()).length], [
    12,
    2,
  ]);
});

Deno.test("startWorkers() posts 30 rows of one channel at its pace, without a 429", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, { slack: { spacingMs: 200 } });
  slack.rules.spacingMs = 150;
  slack.rules.processingMs = 100;
  const ada = await test.addUser("ada");
  for (let i = 0; i < 30; i++) await test.add(ada, `t${i}`);
  const workers = test.work();
  const began = performance.now();
  workers.wake();
  await test.untilDone(30, 120);
  const ms = performance.now() - began;
  await workers.stop();
  equal(slack.forms("chat.postMessage").length, 30);
  ok(ms > 29 * 200 && (isLoaded() || ms < 30 * 200 * 1.5), `${ms} ms`);
});
