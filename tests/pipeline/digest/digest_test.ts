import { deepStrictEqual as same, doesNotMatch, match, strictEqual as equal } from "node:assert";
import { addCredential } from "../../../src/credentials/credentials.ts";
import type { KeyNumber, NumberName } from "../../../src/measures/number.ts";
import { postDigests, startDigests } from "../../../src/pipeline/digest/digest.ts";
import { lastDue, nameOf } from "../../../src/pipeline/digest/schedule.ts";
import { notifyDeps } from "../../help/notify_deps.ts";
import { type Message, startSlack, type TestSlack } from "../../help/slack.ts";
import type { More } from "../../help/slack_deps.ts";
import { never, until } from "../../help/time.ts";
import { freshDatabase } from "../../help/world/postgres.ts";
import { addAccount, addDashboard } from "../../help/world/rows.ts";

const SCHEDULE = { hour: 8, minute: 30, zone: "Europe/Berlin" };
/** When a digest is due, and times around it, in hours. */
const AT = lastDue(SCHEDULE, new Date());
const hours = (hours: number) => new Date(AT.getTime() + hours * 3_600_000);

const number = (
  name: NumberName,
  value: number,
  more: Partial<KeyNumber> & { before?: number | null } = {},
): KeyNumber => ({
  ...{ name, value, group: null, unit: "ns", before: 0, change: 0, better: null, sure: true },
  ...more,
});

async function start(slack: TestSlack, more: More = {}, schedule = SCHEDULE) {
  const fresh = await freshDatabase();
  const { db } = fresh;
  const deps = await notifyDeps(db, slack, more);
  const digestDeps = { ...deps, slack: { ...deps.slack, digest_at: schedule } };
  const since = hours(-1_000).toISOString();
  await db`insert into digest_schedule (schedule, since) values (${nameOf(schedule)}, ${since})`;
  const ada = await addAccount(db, "ada");
  return {
    db,
    ada,
    deps: digestDeps,
    post: (now = hours(0.1), signal = never, timeoutMs?: number) =>
      postDigests(
        timeoutMs ? { ...digestDeps, slack: { ...digestDeps.slack, timeoutMs } } : digestDeps,
        signal,
        now,
      ),
    /** A table whose runs have these numbers, at hours before or after the digest. */
    async table(table_name: string, runs: [at: number, ...KeyNumber[]][], user = ada) {
      const id = await addDashboard(db, user, { table_name, step: "done", kind: "timing" });
      await db`delete from runs where dashboard_id = ${id}`;
      await db`update dashboards set run = ${Math.max(runs.length, 1)} where id = ${id}`;
      for (const [i, [at, ...numbers]] of runs.entries()) {
        await db`
          insert into runs (dashboard_id, run, row_count, numbers, numbers_at, found_at)
          values (${id}, ${i + 1}, 3, ${JSON.stringify(numbers)}::text::jsonb,
            ${hours(at).toISOString()}, ${hours(at).toISOString()})`;
      }
      return id;
    },
    async stop(id: number, why: string) {
      await db`
        update dashboards set stopped = true, stop_code = 'x', last_error = ${why} where id = ${id}`;
    },
    [Symbol.asyncDispose]: fresh[Symbol.asyncDispose],
  };
}

/** What a member reads: each block's text, buttons as "[Open]". */
function shown({ blocks }: Message): string[] {
  return blocks.map(({ text, elements, accessory }) =>
    text
      ? `${text.text}${accessory ? ` [${accessory.text.text}]` : ""}`
      : elements.map(({ text }: { text: string }) => text).join(" ")
  );
}

const WORSE: [number, ...KeyNumber[]][] = [
  [-30, number("setup_wns", -0.1)],
  [-20, number("setup_wns", -0.5)],
  [-2, number("setup_wns", -0.2)],
];

Deno.test("postDigests() says what got worse and better since the digest before, and what needs attention", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.table("cpu_sta", WORSE);
  await test.table("gpu_sta", [
    [-30, number("setup_wns", -0.1), number("area", 1000, { unit: "um²" })],
    [-1, number("setup_wns", -0.05), number("area", 1010, { unit: "um²" })],
  ]);
  await test.table("quiet", [[-30, number("setup_wns", -0.1)], [-1, number("setup_wns", -0.1)]]);
  const stopped = await test.table("bad", [[-40, number("setup_wns", -0.1)]]);
  await test.stop(stopped, "The table is gone. Press Retry.");
  await test.post();
  const [message, ...others] = await slack.messages();
  equal(others.length, 0);
  const [, since, ...parts] = shown(message!);
  equal(message!.blocks[0].text.text, "Daily digest: 1 table worse, 1 better, 1 needs attention");
  match(since!, /^Since \w{3} \d+ \w{3}, 08:30 \(Europe\/Berlin\)\. The newest run is compared/);
  same(parts, [
    "Worse",
    "cpu_sta of ada (Timing, runs 2 to 3)\n• Setup WNS -0.2 ns (-0.1 ns, worse) [Open]",
    "Better",
    "gpu_sta of ada (Timing, run 2)\n• Setup WNS -0.05 ns (+0.05 ns, better) [Open]",
    "Needs attention",
    "bad of ada (Timing)\nThe table is gone. Press Retry. [Details]",
  ]);
  equal(message!.metadata!.event_type, "dashkeeper_digest");
  equal(message!.metadata!.event_payload.installation, "abc123");
  match(
    message!.text,
    /: 1 table worse, 1 better, 1 needs attention\. Worse: cpu_sta of ada, Setup WNS -0.2 ns \(-0.1 ns, worse\)\. Better: gpu_sta of ada, /,
  );
  match(message!.blocks[3].accessory.url, /\/boards\/\d+\?signature=/);
  match(message!.blocks[7].accessory.url, new RegExp(`/dashboards/${stopped}$`));
});

Deno.test("postDigests() posts nothing when nothing moved, and the next one reads on from there", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const area = (value: number, more = {}) => number("area", value, { unit: "um²", ...more });
  await test.table("small", [[-30, area(1000)], [-1, area(1010)]]);
  await test.table("unsure", [[-30, area(1000)], [-1, area(2000, { sure: false })]]);
  await test.table("new", [[-1, area(1000, { before: null, change: null })]]);
  await test.table("other scope", [[-30, area(1000)], [-2, area(2000, { before: null })], [
    -1,
    area(2100, { before: 2000 }),
  ]]);
  const column = (column: string) => ({ source: { column, metric: null, unit: null } });
  await test.table("read anew", [[-30, area(1000, column("a"))], [-1, area(2000, column("b"))]]);
  await test.table("before", [[-40, area(1000)], [-30, area(2000)]]);
  await test.table("after", [[-30, area(1000)], [0.01, area(2000)]]);
  await test.post();
  equal(slack.forms("chat.postMessage").length, 0);
  await test.post(hours(24.1));
  const [message] = await slack.messages();
  same(shown(message!).slice(2), [
    "Worse",
    "after of ada (Timing, run 2)\n• Area 2,000 um² (+1,000 um², worse) [Open]",
  ]);
});

Deno.test("postDigests() compares each group of a table that holds one run at a time", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const wns = (group: string, value: number) => number("setup_wns", value, { group });
  await test.table("flow", [
    [-50, wns("aes", -0.1)],
    [-40, wns("gcd", -0.1)],
    [-3, wns("aes", -0.3)],
    [-2, wns("gcd", -0.05)],
    [-1, number("setup_wns", -9, { group: "new", before: null, change: null })],
  ]);
  await test.post();
  same(shown((await slack.messages())[0]!).slice(2), [
    "Worse",
    "flow of ada (Timing, runs 3 to 5)\n• aes Setup WNS -0.3 ns (-0.2 ns, worse)\n" +
    "• gcd Setup WNS -0.05 ns (+0.05 ns, better) [Open]",
  ]);
});

Deno.test("postDigests() compares a table that is new with its own earlier runs", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const wns = (value: number, before: number | null) =>
    number("setup_wns", value, { before, change: before === null ? null : value - before });
  await test.table("history", [[-2, wns(-0.2, -0.05)]]);
  await test.table("later", [[-3, wns(-0.1, null)], [-2, wns(-0.3, -0.1)]]);
  await test.table("both", [[-3, wns(-0.2, -0.1)], [-2, wns(-0.05, -0.2)]]);
  await test.table("once", [[-2, wns(-9, null)]]);
  await test.table("other scope", [[-3, wns(-0.1, null)], [-2, wns(-1, null)], [-1, wns(-2, -1)]]);
  await test.post();
  same(shown((await slack.messages())[0]!).slice(2), [
    "Worse",
    "history of ada (Timing, run 1)\n• Setup WNS -0.2 ns (-0.15 ns, worse) [Open]",
    "later of ada (Timing, runs 1 to 2)\n• Setup WNS -0.3 ns (-0.2 ns, worse) [Open]",
    "Better",
    "both of ada (Timing, runs 1 to 2)\n• Setup WNS -0.05 ns (+0.05 ns, better) [Open]",
  ]);
});

Deno.test("postDigests() posts for a row that has stopped since, and for none that had before", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  const id = await test.table("bad", [[-40, number("setup_wns", -0.1)]]);
  await test.stop(id, "The column is gone.");
  const counts: number[] = [];
  for (const day of [0, 1, 2]) {
    if (day === 2) await test.stop(await test.table("bad too", [[-40]]), "No rows.");
    await test.post(hours(24 * day + 0.1));
    counts.push((await slack.messages()).length);
  }
  same(counts, [1, 1, 2]);
  match(JSON.stringify((await slack.messages())[1]!.blocks), /2 tables need attention/);
});

Deno.test("postDigests() posts one message whatever the number of processes", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.table("cpu_sta", WORSE);
  slack.faults.push({ method: "chat.postMessage", what: "hang-after", times: 1 });
  const killed = new AbortController();
  const slow = test.post(hours(0.1), killed.signal, 60_000);
  await until(() => slack.faults.every(({ times }) => times === 0));
  await test.post();
  await test.db`update channel_messages set claimed_until = now() - interval '1 second'`;
  await Promise.all([test.post(), test.post(), test.post()]);
  killed.abort();
  await slow;
  await test.db`update channel_messages set next_try_at = now()`;
  await test.post(hours(5));
  same([slack.forms("chat.postMessage").length, (await slack.messages()).length], [1, 1]);
  same(await test.db`select count(*) from digests`.then(([row]) => Number(row!.count)), 1);
});

Deno.test("postDigests() posts up to 6 hours late; what is left out is in the next one", async () => {
  for (const [late, posted] of [[5 + 59 / 60, 1], [6 + 1 / 60, 0]] as const) {
    await using slack = await startSlack();
    await using test = await start(slack);
    await test.post(hours(-23.9)); // nothing moved until then
    await test.table("cpu_sta", WORSE);
    await test.post(hours(late));
    equal((await slack.messages()).length, posted);
    await test.post(hours(24.1));
    const messages = await slack.messages();
    equal(messages.length, 1);
    match(JSON.stringify(messages[0]!.blocks), /runs 2 to 3/);
  }
});

Deno.test("postDigests() makes up for no time before it was configured", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.table("cpu_sta", WORSE);
  await test.db`delete from digest_schedule`;
  const due = lastDue({ ...SCHEDULE }, new Date());
  await test.post(new Date(due.getTime() + 3_600_000));
  const { slack: { digest_at: _, ...unset } } = test.deps;
  const set = async () => await test.db`select schedule, since from digest_schedule`;
  const [first] = await set();
  equal(first!.schedule, "08:30 Europe/Berlin");
  await test.db`update digest_schedule set since = ${hours(-50).toISOString()}`;
  const other = { ...test.deps.slack, digest_at: { ...SCHEDULE, minute: 31 } };
  await postDigests({ ...test.deps, slack: other }, never, hours(0.2));
  equal(slack.forms("chat.postMessage").length, 0, "another time begins anew");
  await startDigests({ ...test.deps, slack: unset }, never)();
  equal((await set()).length, 0);
});

Deno.test("postDigests() posts to each channel with the token that its tables use", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, {
    slack: { routes: [{ pattern: "gpu*", channel: slack.otherChannel }] },
  });
  const own = async (username: string, values: Record<string, string>) => {
    const id = await addAccount(test.db, username);
    const who = { user_id: id, username, role: "member" as const, from: "" };
    for (const [key_name, key_value] of Object.entries(values)) {
      await addCredential(test.deps, who, id, { key_name, key_value });
    }
    return id;
  };
  const bob = await own("bob", {
    SLACK_BOT_TOKEN: slack.blindToken,
    SLACK_CHANNEL_ID: slack.otherChannel,
  });
  const eve = await own("eve", { SLACK_BOT_TOKEN: "xoxb-revoked", SLACK_CHANNEL_ID: "C0REVOKED" });
  const kim = await own("kim", { SLACK_BOT_TOKEN: slack.blindToken });
  for (const user of [eve, bob, kim]) await test.table(`t${user}`, WORSE, user);
  await test.table("cpu_sta", WORSE);
  await test.table("gpu_sta", WORSE);
  await test.table("by design", WORSE.map(([at, one]) => [at, { ...one!, group: "gpu v2" }]));
  await test.post();
  const tables = async (channel: string) =>
    (await slack.messages(channel)).map((message) => /Worse: (.*)\.$/.exec(message.text)![1]!)
      .sort();
  const names = (text: string) => text.replace(/, [^;]*/g, "");
  same((await tables(slack.channel)).map(names), ["cpu_sta of ada"]);
  same((await tables(slack.otherChannel)).map(names), [
    "gpu_sta of ada; by design of ada",
    `t${bob} of bob`,
  ]);
  const [failed] = await test.db`select stop_code from channel_messages where sent_at is null`;
  equal(failed!.stop_code, "invalid_auth");
});

Deno.test("postDigests() posts once the app is in the channel", async () => {
  await using slack = await startSlack();
  await using test = await start(slack);
  await test.table("cpu_sta", WORSE);
  slack.rules.refusal = "not_in_channel";
  await test.post();
  slack.rules.refusal = undefined;
  await test.post();
  equal((await slack.messages()).length, 0);
  await test.db`update channel_messages set next_try_at = now()`;
  await test.post(hours(1));
  await test.post(hours(1));
  equal((await slack.messages()).length, 1);
});

Deno.test("postDigests() names only the tables with new runs where no more may leave the house", async () => {
  await using slack = await startSlack();
  await using test = await start(slack, { slack: { content: "link" } });
  await test.table("cpu_sta", WORSE);
  await test.table("same", [[-30, number("area", 1)], [-1, number("area", 1)]]);
  await test.stop(await test.table("bad", [[-40]]), "The column slack_secret is gone.");
  await test.post();
  const [message] = await slack.messages();
  same(shown(message!).filter((_, i) => i !== 1), [
    "Daily digest: 2 tables have new runs",
    "New runs",
    "cpu_sta of ada (Timing, runs 2 to 3) [Open]",
    "same of ada (Timing, run 2) [Open]",
  ]);
  doesNotMatch(JSON.stringify(message), /worse|better|WNS|-0\.2|secret/i);
});
