import { match, ok, strictEqual as equal } from "node:assert/strict";
import { readExposition } from "../help/metrics.ts";
import {
  addUser,
  keyIn,
  makeHome,
  QUICK,
  type Service,
  tells,
  urlOf,
  waitFor,
} from "../help/service/service.ts";
import { startSlack } from "../help/slack.ts";
import { login } from "../help/world/postgres.ts";

const TOKEN = "scrape-".padEnd(40, "z9");

async function metricsOf(service: Service) {
  const { status, body } = await service.call("GET", "/metrics", { key: TOKEN });
  equal(status, 200);
  return readExposition(body);
}

Deno.test("a run from table to Slack, refused there at first, is in the metrics step by step", async () => {
  await using slack = await startSlack();
  await using home = await makeHome();
  const service = await home.start({ ...QUICK, ...tells(slack), METRICS_TOKEN: TOKEN });
  equal((await service.call("GET", "/metrics")).status, 401);
  const key = keyIn(service.log());
  equal((await service.call("GET", "/metrics", { key })).status, 401);
  const ada = await addUser(service, key, "ada");
  slack.faults.push({ method: "chat.postMessage", what: { error: "not_in_channel" }, times: 1 });
  await using flow = login(await urlOf(service, key, ada.id, "QOR"));
  await flow`create table history as select 1 as run, -0.5 as setup_wns_ns, 'core' as design`;

  const cause = { cause: "not_in_channel" };
  await waitFor(
    "the stopped row",
    async () => (await metricsOf(service)).value("rows_stopped", cause),
    60,
  );
  const stopped = await metricsOf(service);
  equal(stopped.value("rows_stopped", cause), 1);
  equal(stopped.value("rows", { step: "notify", outcome: "loaded" }), 1);
  const { body } = await service.call("GET", "/api/v1/dashboards", { key });
  await service.call("POST", `/api/v1/dashboards/${body.dashboards[0].id}/retry`, { key });
  await waitFor("the message", async () => (await slack.messages()).length === 1, 60);
  const done = { step: "done", outcome: "loaded" };
  await waitFor(
    "the row's end",
    async () => (await metricsOf(service)).value("rows", done) === 1,
    60,
  );

  const { value, all } = await metricsOf(service);
  equal(value("rows_stopped"), undefined);
  const method = "chat.postMessage";
  equal(value("slack_answers_total", { method, result: "ok" }), 1);
  equal(value("slack_answers_total", { method, result: "not_in_channel" }), 1);
  equal(value("slack_answers_total", { method: "upload", result: "ok" }), 1);
  equal(value("captures_total", { outcome: "loaded" }), 1);
  equal(value("gif_bytes_count"), 1);
  ok(value("gif_bytes_sum")! > 1000);
  for (const step of ["create", "capture", "notify"]) {
    ok(value("step_duration_seconds_count", { step })! >= (step === "notify" ? 2 : 1), step);
    equal(value("oldest_waiting_seconds", { step }), 0);
  }
  ok(value("scan_ticks_total")! >= 3 && value("databases_opened_total")! >= 1);
  ok(value("log_errors_total")! >= 1);
  ok(value("browser_memory_bytes")! > 5e7);
  ok(value("process_open_fds")! > 5 && value("process_resident_memory_bytes")! > 5e7);
  ok(value("workspace_bytes", { username: "ada" })! > 1e7);
  const retried = { route: "/api/v1/dashboards/:id/retry", method: "POST" };
  equal(value("http_requests_total", retried), 1);
  equal(all("build_info")[0]!.labels.url, `http://localhost:${service.port}`);
  match(`${all("process_start_time_seconds")[0]!.value}`, /^\d{10}/);
  ok(!service.log().includes(TOKEN));
});
