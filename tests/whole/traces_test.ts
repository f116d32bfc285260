import { deepStrictEqual as same, fail, match, ok, strictEqual as equal } from "node:assert/strict";
import { type SentSpan, startReceiver } from "../help/otlp.ts";
import {
  addUser,
  freePort,
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

const doneRow = (service: Service, key: string) =>
  waitFor("the row's end", async () => {
    const { body } = await service.call("GET", "/api/v1/dashboards", { key });
    return body.dashboards.find((row: { step: string }) => row.step === "done") as
      | { id: number; request_id: string }
      | undefined;
  }, 90);

const attribute = ({ attributes }: SentSpan, wanted: string) =>
  attributes.find(({ name }) => name === wanted)?.value;

/** How many modules of OpenTelemetry the service has loaded. */
async function loaded(service: Service): Promise<number> {
  Deno.kill(service.pid, "SIGUSR1");
  const said = await waitFor("its answer", () => /loaded: (\d+)\./.exec(service.log()));
  return Number(said[1]);
}
const preload = new URL("../help/service/loaded_plant.ts", import.meta.url);

Deno.test("one trace leads from the scan to the message, and no address or signature leaves", async () => {
  await using receiver = startReceiver();
  await using slack = await startSlack();
  await using home = await makeHome();
  const service = await home.start({
    ...QUICK,
    ...tells(slack),
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20receivers-own",
    OTEL_SERVICE_NAME: "chips",
  }, { preload });
  ok(await loaded(service) > 0);
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  await using flow = login(await urlOf(service, key, ada.id, "QOR"));
  await flow`create table history as select 1 as run, -0.5 as setup_wns_ns, 'core' as design`;
  const { id } = await doneRow(service, key);
  const [message] = await slack.messages();
  const [, link] = /"url":"([^"]+signature=[^"]+)"/.exec(JSON.stringify(message!.blocks))!;
  const { pathname, search, searchParams } = new URL(link!);
  equal((await service.call("GET", pathname + search)).status, 200);
  const again = await service.call("POST", `/api/v1/dashboards/${id}/capture`, { key, json: {} });
  equal(again.status, 202, JSON.stringify(again.body));
  const captured = () => receiver.spans().filter(({ name }) => name === "step capture").length;
  await waitFor("the second capture", () => captured() >= 2, 120).catch((error) => {
    fail(`${error}\n${service.log()}`);
  });
  equal((await service.kill("SIGTERM")).code, 0);

  const spans = receiver.spans();
  const one = (name: string, of = spans) => of.find((span) => span.name === name)!;
  const post = one("Slack chat.postMessage");
  const run = spans.filter(({ traceId }) => traceId === post.traceId);
  const scan = one("scan", run);
  ok(!scan.parentSpanId);
  for (const step of ["create", "capture", "notify"]) {
    const span = one(`step ${step}`, run);
    equal(span.parentSpanId, scan.spanId);
    same([attribute(span, "dashkeeper.dashboard_id"), attribute(span, "dashkeeper.run")], [id, 1]);
  }
  // A step may take several attempts.
  const within = ({ parentSpanId }: SentSpan) =>
    run.find(({ spanId }) => spanId === parentSpanId)?.name;
  same([within(post), within(one("Slack upload", run))], ["step notify", "step notify"]);
  equal(within(one("browser preview", run)), "step capture");
  equal(one("GET /boards/:id").parentSpanId ?? "", "");

  const request = one("POST /api/v1/dashboards/:id/capture");
  equal(attribute(request, "http.response.status_code"), 202);
  equal(attribute(request, "dashkeeper.request_id"), again.headers.get("x-request-id"));
  const caused = spans.filter(({ traceId }) => traceId === request.traceId);
  equal(one("step capture", caused).parentSpanId, request.spanId);
  ok(request.traceId !== post.traceId);

  const text = receiver.text();
  const secrets = [searchParams.get("signature")!, slack.token, key, "receivers-own", '"ada"'];
  for (const secret of [...secrets, "signature", "://", "/upload/", "history", "127.0.0.1"]) {
    ok(!text.includes(secret), secret);
  }
  same([...new Set(spans.map(({ service }) => service))], ["chips"]);
  for (const { path, headers } of receiver.requests) {
    same([path, headers.get("authorization")], ["/v1/traces", "Bearer receivers-own"]);
  }
  ok(!service.log().includes("receivers-own"));
  const line = service.log().split("\n").find((line) => line.includes("Slack: chat.postMessage"));
  equal(JSON.parse(line!).trace_id, post.traceId);
});

Deno.test("without a receiver no package is loaded, and nothing has a trace", async () => {
  await using home = await makeHome();
  const service = await home.start({ OTEL_DENO: "true" }, { preload });
  equal(await loaded(service), 0);
  match(service.log(), /"level":"WARNING","message":"OTEL_DENO is set: /);
  equal((await service.call("GET", "/sign-in")).status, 200);
  ok(!service.log().includes("trace_id"));
  equal((await service.kill("SIGTERM")).code, 0);
});

Deno.test("a receiver that is down or hangs costs one warning, and no time at the end", async () => {
  await using home = await makeHome();
  const port = Number(freePort());
  const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
  const service = await home.start({ OTEL_EXPORTER_OTLP_ENDPOINT });
  const key = keyIn(service.log());
  const ask = async () => equal((await service.call("GET", "/api/v1/me", { key })).status, 200);
  const warnings = () => service.log().match(/The traces cannot be sent/g)?.length ?? 0;
  await ask();
  await waitFor("the warning", () => warnings() > 0, 20);
  for (let n = 0; n < 3_000; n++) await ask();
  await new Promise((done) => setTimeout(done, 7_000)); // a second attempt and its time limit
  equal(warnings(), 1);
  {
    await using receiver = startReceiver({ port });
    await waitFor("the spans", async () => {
      await ask();
      return receiver.spans().length > 0;
    });
    await waitFor("the news", () => service.log().includes("The traces are sent again."));
  }
  await using hanging = startReceiver({ port, hangs: true });
  await ask();
  await waitFor("a request that hangs", () => hanging.requests.length > 0);
  await ask();
  const { code, seconds } = await service.kill("SIGTERM");
  equal(code, 0);
  ok(seconds < 8, `${seconds} s`);
});
