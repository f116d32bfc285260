import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { createNext } from "../../../src/pipeline/create/create.ts";
import { never } from "../../help/time.ts";
import { startWorld } from "../../help/world/world.ts";

const history =
  `create table history (run_ts timestamptz, design text, wns_ns float8, git_commit text)`;
const first = `insert into history values ('2026-01-01', 'gcd', -0.05, 'aaa1111')`;
const second = `insert into history values ('2026-01-02', 'gcd', -0.12, '3f2a9c1')`;

Deno.test("createNext() keeps each run's numbers, and the API and the pages show the newest run's", async () => {
  await using test = await startWorld({ user: true });
  await test.run(history, first);
  await test.found();
  ok(await createNext(test.deps, never));
  const key = test.ada.api_key;
  const row = async () => (await test.call("GET", "/dashboards", { key })).body.dashboards[0];
  const source = { column: "wns_ns", metric: null, unit: "ns" };
  const sure = { sure: true, doubt: null, source, before_run: null };
  const number = { name: "setup_wns", group: "gcd", value: -0.05, unit: "ns", ...sure };
  const { numbers, why } = await row();
  same([numbers, why], [[{ ...number, before: null, change: null, better: null }], null]);

  await test.finishRows();
  await test.run(second);
  same(await test.found(), ["history 2"]);
  ok(await createNext(test.deps, never));
  const now = await row();
  const before_run = "2026-01-01T00:00:00Z";
  const change = { value: -0.12, before: -0.05, change: -0.07, better: false, before_run };
  same(now.numbers, [{ ...number, ...change }]);
  equal(now.why, "Setup WNS -0.05 → -0.12 ns, since 3f2a9c1");
  same((await test.call("GET", `/dashboards/${now.id}`, { key })).body.numbers, now.numbers);
  const runs = await test.db`select run, numbers -> 0 -> 'value' as value from runs order by run`;
  same(runs.map((run) => ({ ...run })), [{ run: 1, value: -0.05 }, { run: 2, value: -0.12 }]);

  const headers = { cookie: await test.signIn(key) };
  for (const path of ["/dashboards", `/dashboards/${now.id}/message`]) {
    const { text } = await test.send("GET", path, { headers });
    ok(text.includes("Setup WNS") && text.includes("-0.12 ns"), path);
    ok(text.includes("-0.07 ns, worse"), path);
  }

  equal((await test.call("DELETE", `/dashboards/${now.id}`)).status, 204);
  const kept = await test.db`select from runs where numbers <> '[]' or why is not null`;
  equal(kept.length, 0, "nothing of the table stays behind a tombstone");
  equal((await test.db`select from run_numbers`).length, 0);
});

Deno.test("createNext() keeps the numbers of every run, also after the table's rows are gone", async () => {
  await using test = await startWorld({ user: true });
  const row = (design: string, wns: number) => `('2026-01-0${-wns}', '${design}', ${wns}, null)`;
  await test.run(history, `insert into history values ${row("gcd", -1)}, ${row("aes", -1)}`);
  await test.found();
  ok(await createNext(test.deps, never));
  for (const design of ["gcd", "aes"]) {
    await test.finishRows();
    const wns = design === "gcd" ? -2 : -3;
    await test.run(`truncate history`, `insert into history values ${row(design, wns)}`);
    await test.found();
    ok(await createNext(test.deps, never));
  }
  const kept = await test.db`select group_name, run_name, value from run_numbers order by 1, 2`;
  same(kept.map(({ group_name, run_name, value }) => [group_name, run_name.slice(0, 10), value]), [
    ["aes", "2026-01-01", -1],
    ["aes", "2026-01-03", -3],
    ["gcd", "2026-01-01", -1],
    ["gcd", "2026-01-02", -2],
  ]);
  const { numbers } = (await test.call("GET", "/dashboards", { key: test.ada.api_key }))
    .body.dashboards[0];
  const [{ group, value, before }] = numbers;
  same([group, value, before], ["aes", -3, -1], "of the group's own run before, two runs ago");
});

Deno.test("createNext() makes the board where the numbers cannot be read, and logs no more than a code", async () => {
  await using test = await startWorld({ user: true });
  // The board counts the first 12 texts alone; the thirteenth cannot be read at all.
  const texts = Array.from({ length: 12 }, (_, i) => `a${i} text`).join(", ");
  await test.run(
    `create table broken (n int, ${texts},
      setup_wns text generated always as ((1 / n)::text) virtual)`,
    `insert into broken (n) values (0)`,
  );
  await test.found();
  ok(await createNext(test.deps, never));
  const [row] = await test.db`select d.id, d.step, d.last_error, r.numbers, r.why
    from dashboards d join runs r on r.dashboard_id = d.id`;
  same([row!.step, row!.last_error, row!.numbers, row!.why], ["capture", null, [], null]);
  const line = test.deps.lines.find((line) => line.includes("no numbers"));
  match(line!, new RegExp(`,"dashboard_id":${row!.id},"run":1,"code":"22012"}$`));
  const key = test.ada.api_key;
  const listed = (await test.call("GET", "/dashboards", { key })).body.dashboards[0];
  equal(
    listed.why,
    "The numbers could not be computed: PostgreSQL refused (22012). The next capture retries.",
  );
  equal((await test.call("POST", `/dashboards/${row!.id}/capture`, { key })).status, 202);
  const [again] = await test.db`select step from dashboards`;
  equal(again!.step, "create");
});
