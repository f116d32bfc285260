import {
  deepStrictEqual as same,
  doesNotMatch,
  match,
  ok,
  strictEqual as equal,
} from "node:assert/strict";
import {
  addUser,
  freePort,
  type Home,
  keyIn,
  makeHome,
  QUICK,
  runTask,
  type Service,
  signIn,
  tells,
  urlOf,
  waitFor,
} from "../help/service/service.ts";
import { startSlack } from "../help/slack.ts";
import { login } from "../help/world/postgres.ts";

/** Ends the service by a signal: in order, in time, and with all that it started. */
async function stops(home: Home, service: Service, signal: "SIGTERM" | "SIGINT") {
  const { code, seconds } = await service.kill(signal);
  equal(code, 0, service.log());
  ok(seconds < 10, `${signal} took ${seconds} s`);
  same([await home.postmasters(), await service.browsers()], [[], []]);
}

async function doneRow(service: Service, key: string, id = 1) {
  return await waitFor(`row ${id} done`, async () => {
    const { body } = await service.call("GET", `/api/v1/dashboards/${id}`, { key });
    return body.step === "done" ? body : undefined;
  });
}

async function addTable(service: Service, key: string, user_id: number, name: string) {
  await using db = login(await urlOf(service, key, user_id, "QOR"));
  await db.unsafe(`create table ${name} as select 'core' as design, 10.5 as area`);
}

Deno.test("deno task start, without Slack, keeps the message for the page; a signal ends all of it", async () => {
  await using home = await makeHome();
  const task = await home.start(QUICK, { task: true });
  const key = keyIn(task.log());
  const ada = await addUser(task, key, "ada");
  await addTable(task, key, ada.id, "sizes");
  const row = await doneRow(task, key);
  same([row.slack_sent_at, row.last_error, row.stopped], [null, null, false]);
  ok(row.captured_at);
  equal(row.slack_message.text, "QoR table sizes of ada: run 1, 1 row, Area 10.5");
  const { blocks } = row.slack_message;
  const [header] = blocks;
  const [image, context, actions] = blocks.slice(-3);
  const [numbers] = blocks.filter(({ type }: { type: string }) => type === "section");
  equal(numbers.text.text, "core\nArea 10.5");
  equal(header.text.text, "QoR: sizes of ada, run 1");
  equal(image.image_url, row.local_snapshot_url);
  const [when, made] = context.elements;
  match(when.text, /^Run 1, 1 row, found /);
  match(made.text, /^Made by Dashkeeper/);
  ok(actions.elements[0].url.startsWith(`${row.dashboard_url}?signature=`));
  const cookie = await signIn(task, key);
  const page = await task.call("GET", "/dashboards/1/message", { cookie });
  ok(page.body.includes("QoR: sizes of ada, run 1") && page.body.includes("Not posted"));

  await stops(home, task, "SIGTERM");
});

Deno.test("main.ts ends in time while a browser films, Slack hangs and a page listens", async () => {
  await using slack = await startSlack();
  await using home = await makeHome();
  const env = { ...QUICK, ...tells(slack), CAPTURE_FRAMES: "100" };
  let service = await home.start({ ...env, CAPTURE_FRAMES: "2" });
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  slack.faults.push({ method: "chat.postMessage", what: "hang", times: 1 });
  await addTable(service, key, ada.id, "sizes");
  await waitFor("a post without an answer", () => slack.faults[0]!.times === 0);
  const events = await listen(service, await signIn(service, key));
  await stops(home, service, "SIGTERM");
  await events.ended;

  service = await home.start(env);
  equal((await doneRow(service, key)).run, 1);
  await addTable(service, key, ada.id, "films");
  await waitFor("a film", async () => {
    const { body } = await service.call("GET", "/api/v1/dashboards?step=capture", { key });
    return body.dashboards.length === 1 && (await service.browsers()).length > 0;
  });
  await stops(home, service, "SIGINT");

  service = await home.start({ ...env, CAPTURE_FRAMES: "2" });
  await doneRow(service, key, 2);
  const told = (await slack.messages()).map(({ text }) => text.split(" ")[2]);
  same(told, ["sizes", "films"]);
});

/** A page that hears the events; `ended` resolves when the service closes it. */
async function listen({ url }: Service, cookie: string) {
  const response = await fetch(`${url}/events`, { headers: { cookie } });
  equal(response.status, 200);
  return { ended: response.text().catch(() => "") };
}

Deno.test("main.ts shares its database with what runs beside it, and says when its port is taken", async () => {
  await using home = await makeHome();
  const taken = Deno.listen({ hostname: "127.0.0.1", port: Number(home.PORT) });
  const refused = await home.tryToStart(QUICK);
  equal(refused.code, 1);
  match(refused.log, /The port is in use by another program: stop that, or set PORT/);
  same(await home.postmasters(), []);
  taken.close();

  const service = await home.start(QUICK);
  const key = keyIn(service.log());
  await addUser(service, key, "ada");
  const running = await home.postmasters();
  equal(running.length, 1);

  const second = await home.tryToStart(QUICK);
  equal(second.code, 1);
  match(second.log, /The port is in use/);
  const sample = await runTask("sample", ["ada"], { DATA_DIR: home.dataDir });
  equal(sample.code, 0, sample.log);
  for (const kind of ["timing", "qor", "drc"]) {
    match(sample.log, new RegExp(`^ada_${kind}\\.\\w+: \\d+ rows$`, "m"));
  }
  const report = `${home.dataDir}/wns.rpt`;
  await Deno.writeTextFile(report, "wns -0.50\nworst slack max -0.50\n");
  const call = ["--user", "ada", "--design", "gcd", "--run_id", "7"];
  const imported = await runTask("import", [report, ...call], { DATA_DIR: home.dataDir });
  equal(imported.code, 0, imported.log);
  match(imported.log, /^Run 7\nada_timing\.summary: 1 row of wns\.rpt \(opensta-summary\)$/m);
  const unknown = await runTask("import", [report, "--user", "eve"], { DATA_DIR: home.dataDir });
  same([unknown.code, unknown.log], [1, "There is no user eve.\n"]);
  equal((await runTask("import", [report], { DATA_DIR: home.dataDir })).code, 2);

  const beside = { ...QUICK, PORT: freePort() };
  const third = await home.tryToStart(beside);
  equal(third.code, 1);
  match(third.log, /Another Dashkeeper runs .* at http:\/\/localhost:\d+,.* set FRONTEND_URL/);
  const address = async () => {
    await using master = await home.openMaster();
    return (await master`select value from settings where name = 'frontend_url'`)[0]!.value;
  };
  equal(await address(), `http://localhost:${home.PORT}`);
  const FRONTEND_URL = "https://eda.example";
  const other = await home.start({ ...beside, FRONTEND_URL });
  equal(await address(), FRONTEND_URL);
  equal((await other.kill("SIGTERM")).code, 0);
  same(await home.postmasters(), running);
  const { status } = await service.call("GET", "/api/v1/users", { key });
  equal(status, 200);
  await stops(home, service, "SIGTERM");
  const moved = await home.start(beside);
  await moved.kill("SIGKILL");
  await stops(home, await home.start(QUICK), "SIGTERM");
});

Deno.test("main.ts gives the admin the key of ADMIN_API_KEY, and no other", async () => {
  await using home = await makeHome();
  const first = await home.start(QUICK);
  const lost = keyIn(first.log());
  const ada = await addUser(first, lost, "ada");
  await stops(home, first, "SIGINT");

  const given = `given ${crypto.randomUUID()}`;
  const second = await home.start({ ...QUICK, ADMIN_API_KEY: given });
  const asks = async (service: Service, key: string) =>
    (await service.call("GET", "/api/v1/users/1", { key })).status;
  same([await asks(second, lost), await asks(second, given)], [401, 200]);
  equal((await second.call("GET", `/api/v1/users/${ada.id}`, { key: ada.api_key })).status, 200);
  await stops(home, second, "SIGTERM");

  for (const { log } of [first, second]) doesNotMatch(log().replace(lost, ""), /dk_/);
  ok(!second.log().includes(given));
  const short = await home.tryToStart({ ADMIN_API_KEY: "short" });
  equal(short.code, 1);
  match(short.log, /ADMIN_API_KEY must have at least 32 characters/);
});

Deno.test("main.ts stopped while it starts leaves no server behind, and starts later", async () => {
  await using home = await makeHome();
  for (const programs of [/initdb/, /pg_ctl|postgres -D/, /pg_ctl|postgres -D/]) {
    const { code } = await home.stopAt(programs, QUICK);
    equal(code, 0);
    await waitFor("the end of all programs", async () => (await home.programs()).length === 0, 3)
      .catch(async () => same(await home.programs(), [], "programs are left"));
  }
  const service = await home.start(QUICK);
  keyIn(service.log());
  await stops(home, service, "SIGTERM");
});
