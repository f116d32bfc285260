import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import {
  addUser,
  type Home,
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

type Line = { level: string; message: string; request_id?: string; [name: string]: unknown };

async function linesOf({ dataDir }: Home, name = "app.log"): Promise<Line[]> {
  await new Promise((done) => setTimeout(done, 200)); // lines are written together
  const text = await Deno.readTextFile(`${dataDir}-logs/${name}`);
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

async function grep(word: string, { dataDir }: Home): Promise<string[]> {
  const args = [word, `${dataDir}-logs/app.log`];
  const { stdout } = await new Deno.Command("grep", { args }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}

const rowOf = (service: Service, key: string, where: (row: Record<string, unknown>) => boolean) =>
  waitFor("the row", async () => {
    const { body } = await service.call("GET", "/api/v1/dashboards", { key });
    return body.dashboards.find(where) as { id: number; request_id: string } | undefined;
  }, 60);

Deno.test("a run is followed by its id from the scan to Slack, and a request to the row and Slack", async () => {
  await using slack = await startSlack();
  await using home = await makeHome();
  const env = { ...QUICK, ...tells(slack), LOG_LEVEL: "debug" };
  const service = await home.start(env);
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  slack.faults.push({ method: "chat.postMessage", what: { error: "not_in_channel" }, times: 1 });
  await using flow = login(await urlOf(service, key, ada.id, "QOR"));
  await flow`create table history as select 1 as run, -0.5 as setup_wns_ns, 'core' as design`;
  const stopped = await rowOf(service, key, (row) => row.stopped === true);
  const found = (await linesOf(home)).filter(({ request_id }) => request_id === stopped.request_id);
  const said = found.map(({ level, message }) => `${level} ${message}`);
  for (
    const line of [
      "INFO A new run was found.",
      "DEBUG Step create begins.",
      "INFO Step create is done.",
      "INFO Step capture is done.",
      "DEBUG Step notify begins.",
      "INFO Slack: upload",
      "INFO Slack: chat.postMessage",
      "ERROR Step notify failed and stopped.",
    ]
  ) ok(said.includes(line), `${line}: ${said.join("\n")}`);
  const [error, ...more] = (await grep("ERROR", home)).map((line) => JSON.parse(line));
  same(more, []);
  const { dashboard_id, step, run, system, code, table_name } = error;
  same(
    { dashboard_id, step, run, system, code, table_name },
    {
      ...{ dashboard_id: stopped.id, step: "notify", run: 1, system: "Slack" },
      ...{ code: "not_in_channel", table_name: "history" },
    },
  );

  const path = `/api/v1/dashboards/${stopped.id}/retry`;
  const answer = await service.call("POST", path, { key, json: {} });
  const request_id = answer.headers.get("x-request-id")!;
  equal(answer.body.request_id, request_id);
  await rowOf(service, key, (row) => row.step === "done");
  const caused = (await linesOf(home)).filter((line) => line.request_id === request_id);
  const messages = caused.map(({ message }) => message);
  // The step may begin before the answer has left.
  for (
    const message of ["Step notify begins.", "Slack: chat.postMessage", "Step notify is done."]
  ) {
    ok(messages.includes(message), messages.join("\n"));
  }
  const access = caused.find(({ message }) => message === `POST ${path} 202`);
  same([access!.status, access!.user_id, access!.username, typeof access!.ms], [
    202,
    1,
    "admin",
    "number",
  ]);
  equal((await slack.messages()).length, 1);
  const log = service.log();
  ok(!log.includes("signature=") && !log.includes("/upload/") && !log.includes(slack.token), log);
});

Deno.test("main.ts logs JSON and audit entries; a second service has a file of its own", async () => {
  await using home = await makeHome();
  const first = await home.start();
  const key = keyIn(first.log());
  const ada = await addUser(first, key, "ada");
  const refused = await first.call("POST", "/api/v1/users", {
    key: ada.api_key,
    json: { username: "eve" },
  });
  equal(refused.status, 403);
  await first.call("GET", `/api/v1/x%0AERROR%1b[2J?signature=hush`, { key });
  await first.call("GET", `/api/v1/${ada.api_key}`, { key });
  await first.call("GET", "/livez");
  await urlOf(first, key, ada.id, "QOR");
  const lines = await linesOf(home);
  for (const { time, level, message } of lines) {
    match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    match(level, /^(INFO|WARNING|ERROR)$/);
    equal(typeof message, "string");
  }
  const entries = lines.filter(({ audit }) => audit === true);
  const shown = entries.map(({ actor, action, subject, outcome }) =>
    `${actor} ${action} ${subject} ${outcome}`
  );
  same(shown, [
    "admin user.create ada ok",
    "ada user.create eve refused",
    "admin credential.reveal ada/QOR_DATABASE_URL ok",
  ]);
  equal(entries[1]!.request_id, refused.headers.get("x-request-id"));
  const { body } = await first.call("GET", "/api/v1/audit", { key });
  equal(body.entries.length, entries.length);
  const text = await Deno.readTextFile(`${home.dataDir}-logs/app.log`);
  for (const secret of [key, ada.api_key, "hush", "livez", "\x1b"]) ok(!text.includes(secret));
  same((await grep("ERROR", home)).map((line) => JSON.parse(line).level), ["INFO"]);
  // What is printed for a person stands outside of the JSON, and not in the file.
  const kept = await linesOf(home);
  const printed = first.log().split("\n").filter((line) => line.startsWith("{"));
  same(printed.map((line) => JSON.parse(line)), kept);
  ok(!text.includes("shown this once"));

  const FRONTEND_URL = first.url;
  const second = await home.start({ PORT: String(Number(home.PORT) + 1), FRONTEND_URL });
  match((await linesOf(home, "app-service-1.log")).at(-1)!.message, /^Requests are answered/);
  equal((await second.kill("SIGTERM")).code, 0);
  equal((await linesOf(home, "app-service-1.log")).at(-1)!.message, "SIGTERM: stopping.");
});

Deno.test("what was logged just before an uncaught error is written as well", async () => {
  await using home = await makeHome();
  const preload = new URL("../help/service/uncaught_plant.ts", import.meta.url);
  const service = await home.start({}, { preload });
  const { status } = await service.call("GET", "/sign-in");
  equal(status, 200);
  equal((await service.kill("SIGUSR2")).code, 1);
  const messages = (await linesOf(home)).map(({ message }) => message);
  const access = messages.indexOf("GET /sign-in 200");
  ok(access > 0 && messages.indexOf("Uncaught error: the process ends.") > access, `${messages}`);
});

Deno.test("a log file that cannot be written keeps no service from its start", async () => {
  await using home = await makeHome();
  const service = await home.start({ LOG_FILE: "/proc/none/app.log" });
  const warnings = service.log().match(/"level":"WARNING".*/g) ?? [];
  equal(warnings.length, 1, service.log());
  match(warnings[0]!, /The log file cannot be written/);
  equal((await service.call("GET", "/readyz")).status, 200);
});
