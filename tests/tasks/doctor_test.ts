import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { render } from "../../tasks/doctor/render.ts";
import { makeHome, runTask } from "../help/service/service.ts";

type Check = { name: string; state: string; message: string };

const doctor = async (env: Record<string, string>) => {
  const { code, log } = await runTask("doctor", ["--json"], { HOST: "127.0.0.1", ...env });
  const diagnosis = JSON.parse(log);
  const failed = diagnosis.checks.filter(({ state }: Check) => state === "failed");
  const find = (name: string): Check =>
    diagnosis.checks.find((check: Check) => check.name === name)!;
  return { code, log, ok: diagnosis.ok, failed: failed.map(({ name }: Check) => name), find };
};

Deno.test("deno task doctor exits with 0, 1 and 2, while the service runs and after it has ended", async () => {
  await using home = await makeHome();
  const env = { PORT: home.PORT, DATA_DIR: home.dataDir };
  const before = await doctor(env);
  equal(before.code, 1);
  same(before.failed, ["Service"]);
  match(before.find("Database").message, /Not checked: there is no embedded database/);
  equal(await Deno.stat(home.dataDir).then(() => true, () => false), false, "it made the folder");

  const service = await home.start();
  const well = await doctor(env);
  same([well.code, well.ok, well.failed], [0, true, []], well.log);
  match(well.find("Service").message, /is ready/);
  match(well.find("Seal key").message, /opens a stored value/);
  {
    await using db = await home.openMaster();
    await db`insert into users (username, role) values ('ada', 'member')`;
    await db`insert into dashboards (user_id, kind, schema_name, table_name, content, stopped, stop_code)
      select id, 'qor', 'public', 't', 'x', true, 'gone' from users where username = 'ada'`;
  }
  const warned = await doctor(env);
  same([warned.code, warned.ok], [2, true], warned.log);
  equal(warned.find("Stopped rows: gone at create").state, "warning");
  const key = "glsa_of_the_tests";
  const faulty = await doctor({
    ...env,
    GRAFANA_API_KEY: key,
    SEAL_KEY: "not a key",
    CAPTURE_WIDTH: "wide",
  });
  equal(faulty.code, 1);
  match(
    faulty.find("Configuration").message,
    /GRAFANA_BASE_URL must be set.*SEAL_KEY must be 32 bytes.*CAPTURE_WIDTH must be a whole number/,
  );
  match(faulty.find("Grafana").message, /Not checked: GRAFANA_BASE_URL/);
  equal(faulty.find("Database").state, "ok");
  ok(!faulty.log.includes(key) && !faulty.log.includes("not a key"));
  const wrong = await doctor({ ...env, SEAL_KEY: new Uint8Array(32).fill(3).toBase64() });
  same([wrong.code, wrong.failed], [1, ["Seal key"]], wrong.log);

  await service.kill("SIGTERM");
  equal((await home.postmasters()).length, 0);
  const down = await doctor(env);
  same([down.code, down.failed], [1, ["Service"]], down.log);
  match(down.find("Database").message, /Not checked: the embedded database does not run/);
  equal((await home.postmasters()).length, 0, "it left a server behind");
  const login = await Deno.readTextFile(`${home.dataDir}/postgres.json`);
  await Deno.remove(`${home.dataDir}/postgres.json`);
  match((await doctor(env)).find("Database").message, /is missing or damaged/);
  await Deno.writeTextFile(`${home.dataDir}/postgres.json`, login);
  const text = await runTask("doctor", [], { HOST: "127.0.0.1", ...env });
  equal(text.code, 1);
  match(text.log, /^ {2}FAILED {2}Service +Nothing answers .*\n {10}Fix: Start it/m);
  match(text.log, /^\d+ checks: 1 failed, \d+ warnings, \d+ ok\.$/m);
  equal((await runTask("doctor", ["--all"], env)).code, 1);
});

Deno.test("render() lets no message steer the terminal", () => {
  const check = {
    ...{ name: "a", group: "disk" as const, state: "failed" as const },
    ...{ message: "x\x1b[2J\n  ok  forged", fix: "y\u202e", docs: "docs/troubleshooting.md#disk" },
  };
  const text = render({ checks: [check] }, false);
  match(text, /x\?\[2J\? {2}ok {2}forged/);
  match(text, /Fix: y\?/);
});
