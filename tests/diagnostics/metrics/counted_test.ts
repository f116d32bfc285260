import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert/strict";
import { browserBytes } from "../../../src/external/browser/memory.ts";
import { openLog } from "../../../src/external/log/open.ts";
import { countSlackAnswer, expose } from "../../../src/external/metrics/metrics.ts";
import { connectSlack } from "../../../src/external/slack/slack.ts";
import { ExternalError } from "../../../src/errors.ts";
import { attempt } from "../../../src/pipeline/attempt.ts";
import { claimNext } from "../../../src/pipeline/row.ts";
import { SILENT } from "../../../src/external/log/log.ts";
import { readExposition } from "../../help/metrics.ts";
import { browserHere } from "../../help/previews/browser.ts";
import { startSlack } from "../../help/slack.ts";
import { never } from "../../help/time.ts";
import { freshDatabase } from "../../help/world/postgres.ts";
import { addAccount, addDashboard } from "../../help/world/rows.ts";
import { startWorld } from "../../help/world/world.ts";

const now = async () => readExposition(await expose([]));

Deno.test("requestMetrics() counts by the route's pattern, and all unknown addresses as one", async () => {
  await using world = await startWorld();
  const [ada, ben] = [await world.addAccount(), await world.addAccount()];
  const before = await now();
  for (const { id } of [ada, ben]) await world.call("GET", `/users/${id}`);
  await world.call("GET", "/users/987654");
  await world.call("GET", `/users/${ada.id}`, { key: null });
  await world.call("POST", "/users", { json: { username: ada.username } });
  await world.send("GET", "/static/board/board.js");
  await world.send("GET", "/livez");
  const foreign = Array.from({ length: 50 }, (_, i) => `/no/such/${i}`);
  for (const path of [...foreign, "/%22%7D%201%0Adashkeeper_x", "/users/9/such", "/api/v1/no"]) {
    await world.send("GET", path);
  }
  await world.send("BREW" as "GET", "/livez");
  const after = await now();
  const more = (labels: Record<string, string>) =>
    after.value("http_requests_total", labels)! -
    (before.value("http_requests_total", labels) ?? 0);
  const route = "/api/v1/users/:id";
  equal(more({ route, method: "GET", status: "200" }), 2);
  equal(more({ route, method: "GET", status: "404" }), 1);
  equal(more({ route, method: "GET", status: "401" }), 1);
  equal(more({ route: "/api/v1/users", method: "POST", status: "409" }), 1);
  equal(more({ route: "/static/*" }), 1);
  equal(more({ route: "/livez", method: "GET", status: "200" }), 1);
  equal(more({ route: "unknown", method: "GET" }), 53);
  equal(more({ method: "other" }), 1);
  const count = after.value("http_request_duration_seconds_count", { route, method: "GET" })!;
  equal(count, after.value("http_requests_total", { route, method: "GET" }));
  const buckets = after.all("http_request_duration_seconds_bucket", { route, method: "GET" });
  equal(buckets.at(-1)!.labels.le, "+Inf");
  equal(buckets.at(-1)!.value, count);
  const routes = new Set(after.all("http_requests_total").map(({ labels }) => labels.route));
  ok(
    ![...routes].some((one) => /\d|no\/such|%|"/.test(one!.replace("/api/v1", ""))),
    [...routes].join(),
  );
});

Deno.test("attempt() measures each attempt at a step, also one that fails", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const user = await addAccount(db, "ada");
  for (let i = 0; i < 2; i++) await addDashboard(db, user);
  const count = async () =>
    (await now()).value("step_duration_seconds_count", { step: "create" }) ?? 0;
  const before = await count();
  await attempt(
    { db, log: SILENT },
    (await claimNext(db, "create"))!,
    never,
    () => Promise.resolve(),
  );
  const fault = new ExternalError("Grafana", "Grafana is away.", false);
  await attempt(
    { db, log: SILENT },
    (await claimNext(db, "create"))!,
    never,
    () => Promise.reject(fault),
  );
  equal(await count(), before + 2);
});

Deno.test("scan() counts itself and the databases that it opens", async () => {
  await using world = await startWorld({ user: true });
  const counts = async () => {
    const { value } = await now();
    return [value("scan_ticks_total")!, value("databases_opened_total")!] as const;
  };
  const [ticks, opened] = await counts();
  await world.write(world.ada, "qor", "create table t as select 1 as area");
  await world.call("POST", "/scan");
  const [later, more] = await counts();
  equal(later, ticks + 1);
  ok(more > opened, `${opened} … ${more}`);
});

Deno.test("a call to Slack counts by its method and result, an upload as well", async () => {
  await using slack = await startSlack();
  const { apiUrl, token, channel } = slack;
  const gif = new TextEncoder().encode("GIF89a");
  const picture = { bytes: gif, filename: "a.gif", title: "A", alt_text: "A" };
  await connectSlack({ apiUrl, token, channel }).upload(picture, never);
  await rejects(connectSlack({ apiUrl, token: "xoxb-no", channel }).checkToken(never));
  const { value, all } = await now();
  equal(value("slack_answers_total", { method: "upload", result: "ok" }), 1);
  equal(value("slack_answers_total", { method: "files.info", result: "ok" }), 1);
  equal(value("slack_answers_total", { method: "auth.test", result: "invalid_auth" }), 1);
  ok(!JSON.stringify(all("slack_answers_total")).includes("xoxb"));
});

Deno.test("openLog() counts lines of the level ERROR, and no others", async () => {
  const { log, close } = openLog({
    level: "ERROR",
    secrets: [],
    print: () => {},
    isTerminal: false,
  });
  const before = (await now()).value("log_errors_total")!;
  log.error("One.");
  log.warn("Two.");
  close();
  equal((await now()).value("log_errors_total"), before + 1);
});

Deno.test("browserBytes() is the memory of the browsers that run, 0 after their end", async () => {
  equal(await browserBytes(), 0);
  {
    await using browser = browserHere();
    const options = {
      width: 64,
      height: 64,
      headers: {},
      origin: "http://127.0.0.1:1",
      timeoutMs: 30_000,
    };
    const bytes = await browser.withPage(options, never, () => browserBytes());
    ok(bytes! > 5e7 && bytes! < 1e9, `${bytes}`);
  }
  equal(await browserBytes(), 0);
});

Deno.test("expose() escapes label values and keeps two scrapes apart", async () => {
  const help = "A gauge.";
  const hostile = 'a"b\\c\n# TYPE x counter';
  const [one, two] = await Promise.all([
    expose([{ name: "dashkeeper_one", help, values: [[1, { place: hostile }]] }]),
    expose([{ name: "dashkeeper_one", help, values: [[2]] }, {
      name: "dashkeeper_two",
      help,
      values: [],
    }]),
  ]);
  same(readExposition(one).all("one").map(({ labels }) => labels), [{ place: hostile }]);
  equal(readExposition(two).value("one"), 2);
  equal(readExposition(two).types.get("dashkeeper_two"), "gauge");
  equal(readExposition(two).value("two"), undefined);
});

Deno.test("countSlackAnswer() keeps the number of results bounded", async () => {
  for (let i = 0; i < 300; i++) countSlackAnswer("chat.update", `made_up_${i}`);
  const { all, value } = await now();
  ok(all("slack_answers_total", { method: "chat.update" }).length <= 101);
  ok(value("slack_answers_total", { method: "chat.update", result: "other" })! >= 199);
});
