import {
  deepStrictEqual as same,
  match,
  ok,
  rejects,
  strictEqual as equal,
} from "node:assert/strict";
import { ExternalError } from "../../src/errors.ts";
import { connectSlack } from "../../src/external/slack/slack.ts";
import { type Fault, startSlack, type TestSlack } from "../help/slack.ts";

const never = new AbortController().signal;
const gif = new TextEncoder().encode("GIF89a, then what a browser drew");
const picture = { bytes: gif, filename: "qor.gif", title: "QoR", alt_text: "A chart of the area" };
const metadata = { event_type: "dashkeeper_run", event_payload: { dashboard: 7, run: 2 } };
const blocks = [{ type: "section", text: { type: "plain_text", text: "QoR of ada" } }];
const message = { text: "QoR of ada", blocks, metadata };

function connect(slack: TestSlack, more: { token?: string; channel?: string } = {}) {
  const { apiUrl, token, channel } = slack;
  return connectSlack({ apiUrl, token, channel, timeoutMs: 2_000, ...more });
}

/** What `work` is refused with; it may show no token, ours or foreign, and no foreign text. */
async function refused(work: Promise<unknown>): Promise<ExternalError> {
  const error = await work.then(() => undefined, (error) => error);
  ok(error instanceof ExternalError, `not an ExternalError: ${error}`);
  const shown = JSON.stringify(error) + error.message + error.stack + Deno.inspect(error);
  ok(!/xox|html|127\.0\.0\.1/.test(shown.replaceAll(/file:\S+/g, "")), shown);
  return error;
}

Deno.test("upload() and post() put one message with its GIF into the channel", async () => {
  await using slack = await startSlack();
  const client = connect(slack);
  const id = await client.upload(picture, never);
  const image = { type: "image", slack_file: { id }, alt_text: "A chart of the area" };
  const place = await client.post({ ...message, blocks: [...blocks, image] }, never);

  const [posted, ...others] = await slack.messages();
  same(others, []);
  same(place, { channel: slack.channel, ts: posted!.ts });
  equal(posted!.text, "QoR of ada");
  same(posted!.blocks, [...blocks, image]);
  same(posted!.metadata, metadata);
  const [file] = await slack.files();
  same([file!.id, file!.title, file!.mimetype], [id, "QoR", "image/gif"]);
  same(new Uint8Array(await slack.download(file!)), gif);
});

Deno.test("upload() keeps the token from the upload host", async () => {
  await using slack = await startSlack();
  await connect(slack).upload(picture, never);
  same(slack.calls.map(({ method, authorized }) => [method, authorized]), [
    ["files.getUploadURLExternal", true],
    ["upload", false],
    ["files.completeUploadExternal", true],
    ["files.info", true],
  ]);
});

Deno.test("upload() waits until Slack has processed the file", async () => {
  await using slack = await startSlack();
  slack.rules.processingMs = 250;
  const id = await connect(slack).upload(picture, never);
  const asked = slack.calls.filter(({ method }) => method === "files.info").length;
  ok(asked >= 2 && asked <= 4, `asked ${asked} times`);
  const image = { type: "image", slack_file: { id }, alt_text: "A chart" };
  await connect(slack).post({ ...message, blocks: [image] }, never);
});

Deno.test("upload() gives up, for now, on a file that is never processed", async () => {
  await using slack = await startSlack();
  slack.rules.processingMs = 60_000;
  const error = await refused(connect(slack).upload(picture, never));
  same([error.more.code, error.permanent], ["file_not_ready", false]);
});

Deno.test("post() tells a file that Slack cannot show yet from a malformed message", async () => {
  await using slack = await startSlack();
  const unknown = { type: "image", slack_file: { id: "F0" }, alt_text: "A chart" };
  const early = await refused(connect(slack).post({ ...message, blocks: [unknown] }, never));
  same([early.more.code, early.permanent], ["file_not_ready", false]);
  const empty = { type: "section", text: { type: "plain_text", text: "" } };
  const bad = await refused(connect(slack).post({ ...message, blocks: [empty] }, never));
  same([bad.more.code, bad.permanent], ["invalid_blocks", true]);
  equal(slack.breaches.splice(0).length, 2);
  same(await slack.messages(), []);
});

Deno.test("post() says of each fault what it is, whether it passes, and whether Slack may have the message", async () => {
  await using slack = await startSlack();
  for (
    const [what, code, permanent, sentence] of [
      ["429", "ratelimited", false, /rate limit/],
      ["500", "ambiguous", false, /HTTP 500/],
      ["hang", "ambiguous", false, /in time/],
      ["html", "ambiguous", false, /proxy in between/],
      [{ error: "internal_error" }, "ambiguous", false, /internal_error/],
      [{ error: "fatal_error" }, "ambiguous", false, /fatal_error/],
      [{ error: "service_unavailable" }, "service_unavailable", false, /Retrying/],
      [{ error: "a_code_of_tomorrow" }, "a_code_of_tomorrow", false, /Retrying/],
      [{ error: "account_inactive" }, "account_inactive", true, /Install the app again/],
      [{ error: "token_revoked" }, "token_revoked", true, /SLACK_BOT_TOKEN/],
      [{ error: "token_expired" }, "token_expired", true, /SLACK_BOT_TOKEN/],
      [
        { error: "not_in_channel" },
        "not_in_channel",
        true,
        /^The app is not in #\w[\w-]*\. Invite it: \/invite @\w+$/,
      ],
      [{ error: "is_archived" }, "is_archived", true, /Unarchive/],
      [{ error: "restricted_action" }, "restricted_action", true, /workspace owner/],
      [{ error: "msg_too_long" }, "msg_too_long", true, /report/],
    ] satisfies [Fault["what"], string, boolean, RegExp][]
  ) {
    slack.faults.push({ method: "chat.postMessage", what, times: 1 });
    const error = await refused(connect(slack).post(message, never));
    same([error.more.code, error.permanent], [code, permanent]);
    match(error.message, sentence);
    equal(error.more.retryAfterSeconds, what === "429" ? 7 : undefined);
  }
  // each sent once: no repetition by the client
  equal(slack.calls.filter(({ method }) => method === "chat.postMessage").length, 15);
  same(await slack.messages(), []);
});

Deno.test("upload() says of each fault what it is and whether it passes", async () => {
  await using slack = await startSlack();
  for (
    const [method, what, code, permanent] of [
      ["files.getUploadURLExternal", "hang", "timeout", false],
      [
        "files.getUploadURLExternal",
        { error: "file_uploads_disabled" },
        "file_uploads_disabled",
        true,
      ],
      [
        "files.getUploadURLExternal",
        { error: "storage_limit_reached" },
        "storage_limit_reached",
        true,
      ],
      ["upload", "429", "ratelimited", false],
      ["upload", "500", "http_500", false],
      ["upload", "hang", "timeout", false],
      ["files.completeUploadExternal", "drop-after", "connection_lost", false],
      ["files.info", "html", "unreadable", false],
    ] satisfies [string, Fault["what"], string, boolean][]
  ) {
    slack.faults.push({ method, what, times: 1 });
    const error = await refused(connect(slack).upload(picture, never));
    same([method, error.more.code, error.permanent], [method, code, permanent]);
  }
});

Deno.test("find() finds the message whose answer got lost", async () => {
  await using slack = await startSlack();
  const client = connect(slack);
  const before = new Date();
  const find = (run: number, oldest = before) =>
    client.find("dashkeeper_run", { dashboard: 7, run }, oldest, never);
  for (const [run, what] of [[1, "drop-after"], [2, "hang-after"]] as const) {
    equal(await find(run), undefined);
    slack.faults.push({ method: "chat.postMessage", what, times: 1 });
    const event_payload = { dashboard: 7, run, table: "qor" };
    const lost = { ...message, metadata: { ...metadata, event_payload } };
    const error = await refused(client.post(lost, never));
    same([error.more.code, error.permanent], ["ambiguous", false]);
    const [posted] = (await slack.messages()).slice(-1);
    same(await find(run), { channel: slack.channel, ts: posted!.ts });
  }
  equal(await find(3), undefined);
  equal(await client.find("another_event", { run: 1 }, before, never), undefined);
  equal(await find(1, new Date(Date.now() + 600_000)), undefined);
});

Deno.test("find() looks through all pages of the history", async () => {
  await using slack = await startSlack();
  const client = connect(slack);
  const first = await client.post(message, never);
  for (let i = 0; i < 205; i++) {
    await client.post(
      { ...message, metadata: { event_type: "chatter", event_payload: {} } },
      never,
    );
  }
  slack.calls.length = 0;
  same(await client.find("dashkeeper_run", { run: 2 }, new Date(0), never), first);
  equal(slack.calls.length, 2);
});

Deno.test("find() names the scope that the token lacks", async () => {
  await using slack = await startSlack();
  const client = connect(slack, { token: slack.blindToken });
  await client.post(message, never);
  const error = await refused(client.find("dashkeeper_run", {}, new Date(0), never));
  same([error.more.code, error.permanent], ["missing_scope", true]);
  match(error.message, /lacks the scope channels:history\. Add it/);
});

Deno.test("a wrong token or channel stops for a person", async () => {
  await using slack = await startSlack();
  const token = await refused(connect(slack, { token: "xoxb-wrong" }).post(message, never));
  same([token.more.code, token.permanent], ["invalid_auth", true]);
  const channel = await refused(connect(slack, { channel: "C0NOWHERE" }).post(message, never));
  same([channel.more.code, channel.permanent], ["channel_not_found", true]);
});

Deno.test("a Slack that cannot be reached has certainly not taken the message", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(),
  );
  const apiUrl = `http://127.0.0.1:${server.addr.port}/api/`;
  await server.shutdown();
  const client = connectSlack({ apiUrl, token: "xoxb-any", channel: "C1" });
  const error = await refused(client.post(message, never));
  same([error.more.code, error.permanent], ["unreachable", false]);
});

Deno.test("an abort ends the waiting at once; post() leaves open whether Slack has the message", async () => {
  await using slack = await startSlack();
  const client = connect(slack);
  for (
    const [method, code, work] of [
      ["chat.postMessage", "ambiguous", client.post.bind(null, message)],
      ["upload", "stopped", client.upload.bind(null, picture)],
      ["conversations.history", "stopped", client.find.bind(null, "e", {}, new Date())],
    ] as const
  ) {
    slack.faults.push({ method, what: "hang", times: 1 });
    const stop = new AbortController();
    const began = performance.now();
    setTimeout(() => stop.abort(new Error("xoxb-reason")), 100);
    equal((await refused(work(stop.signal))).more.code, code);
    ok(performance.now() - began < 400);
    const calls = slack.calls.length;
    equal((await refused(work(stop.signal))).more.code, "stopped");
    equal(slack.calls.length, calls); // nothing was sent
  }
});

Deno.test("upload() stops waiting for the processing when it is aborted", async () => {
  await using slack = await startSlack();
  slack.rules.processingMs = 60_000;
  const stop = AbortSignal.timeout(150);
  await rejects(connect(slack).upload(picture, stop), { more: { code: "stopped" } });
});
