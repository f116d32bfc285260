import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { createNext } from "../../../src/pipeline/create/create.ts";
import { never } from "../../help/time.ts";
import { startWorld } from "../../help/world/world.ts";

const TABLE = `create table runs (run_ts timestamptz, who text, wns_ns float8, quux float8,
  area_um2 float8, note text)`;
const ROWS = `insert into runs values ('2026-01-01', 'alu', -0.1, -500, 10, 'first'),
  ('2026-01-02', 'alu', -0.2, -400, 11, 'second')`;

/** Ada's table `runs` with its row drawn, and calls of its mapping. */
async function start() {
  const test = await startWorld({ user: true });
  await test.run(TABLE, ROWS);
  await test.found();
  ok(await createNext(test.deps, never));
  const [row] = await test.db<{ id: number }[]>`select id from dashboards`;
  const path = `/dashboards/${row!.id}/mapping`;
  const key = test.ada.api_key;
  return Object.assign(test, {
    id: row!.id,
    path,
    get: () => test.call("GET", path, { key }),
    put: (json: unknown, by = key) => test.call("PUT", path, { key: by, json }),
    reset: () => test.call("DELETE", path, { key }),
    async numbers() {
      const { body } = await test.call("GET", `/dashboards/${row!.id}`, { key });
      return body.numbers;
    },
    async finish() {
      await test.db`update dashboards set step = 'done', claim_id = null`;
    },
  });
}

Deno.test("showMapping() answers a table's user and admins alone, in the promised shape", async () => {
  await using test = await start();
  const bob = await test.addAccount({ username: "bob" });
  const { status, body } = await test.get();
  equal(status, 200);
  const sure = { metric: null, sure: true, doubt: null };
  same(body, {
    format: null,
    run: { columns: ["run_ts"], order_by: "run_ts" },
    group: [],
    dimensions: [],
    measures: [
      { name: "setup_wns", column: "wns_ns", unit: "ns", ...sure },
      { name: "area", column: "area_um2", unit: "µm²", ...sure },
    ],
    ignored: ["who", "quux", "note"],
    corrected: [],
  });
  same((await test.call("GET", test.path)).body, body);
  for (const [method, json] of [["GET"], ["PUT", {}], ["DELETE"]] as const) {
    const refused = await test.call(method, test.path, {
      key: bob.api_key,
      ...(json ? { json } : {}),
    });
    same(
      [refused.status, refused.body.code],
      [404, "dashboard_unknown"],
      method,
    );
  }
  equal(
    (await test.call("PUT", test.path, { json: { group: ["who"] } })).status,
    200,
  );
  equal((await test.call("GET", "/dashboards/999/mapping")).status, 404);
});

Deno.test("changeMapping() is used at once for the same run, and for later runs and a table made anew", async () => {
  await using test = await start();
  await test.finish();
  const { status, body, text } = await test.put({
    group: ["who"],
    measures: [{ name: "setup_wns", column: "quux", unit: "ps" }, {
      name: "area",
      column: null,
    }],
  });
  equal(status, 200, text);
  same([body.group, body.corrected], [["who"], [
    "group",
    "measures.setup_wns",
    "measures.area",
  ]]);
  same(
    body.measures.map((
      { name, column, unit }: Record<string, string>,
    ) => [name, column, unit]),
    [
      ["setup_wns", "quux", "ps"],
      ["area", null, null],
    ],
  );
  same((await test.get()).body, body);
  const [row] = await test.db`select step, run from dashboards`;
  same({ ...row }, { step: "create", run: 1 });
  ok(await createNext(test.deps, never));
  const short = async () =>
    (await test.numbers()).map((
      { group, name, value, unit, before }: Record<string, unknown>,
    ) => [group, name, value, unit, before].join(" "));
  same(await short(), ["alu setup_wns -400 ps -500"]);

  await test.finish();
  await test.run(
    `insert into runs values ('2026-01-03', 'alu', -0.3, -300, 12, 'third')`,
  );
  same(await test.found(), ["runs 2"]);
  ok(await createNext(test.deps, never));
  same(await short(), ["alu setup_wns -300 ps -400"]);

  await test.finish();
  await test.run(`drop table runs`);
  await test.found();
  await test.run(TABLE, ROWS);
  await test.found();
  while (await createNext(test.deps, never));
  same(await short(), ["alu setup_wns -400 ps -500"]);

  const automatic = await test.reset();
  same([automatic.status, automatic.body.corrected], [200, []]);
  same((await test.get()).body, automatic.body);
  ok(await createNext(test.deps, never), "it is made anew");
  const [first] = await test.numbers();
  same([first.value, first.unit], [-0.2, "ns"]);
});

Deno.test("changeMapping() keeps the parts and measures that it does not name", async () => {
  await using test = await start();
  await test.put({
    group: ["who"],
    measures: [{ name: "area", column: null }],
  });
  const { body } = await test.put({
    measures: [{ name: "setup_wns", column: "quux" }],
  });
  same(body.corrected, ["group", "measures.setup_wns", "measures.area"]);
  await createNext(test.deps, never);
  await test.finish();
  equal((await test.put({ group: ["who"] })).status, 200);
  equal((await test.put({})).status, 200);
  equal((await test.reset()).status, 200);
  equal((await test.reset()).status, 200);
  const [row] = await test.db`select step from dashboards`;
  equal(row!.step, "create", "the first reset changed something");
});

Deno.test("changeMapping() leaves the row alone where nothing changes", async () => {
  await using test = await start();
  await test.put({ group: ["who"] });
  await test.finish();
  for (const same of [{ group: ["who"] }, {}]) {
    equal((await test.put(same)).status, 200);
    const [row] = await test.db`select step from dashboards`;
    equal(row!.step, "done");
  }
});

Deno.test("changeMapping() refuses with 422 and the path of each fault", async () => {
  await using test = await start();
  const measure = (more: object) => ({
    measures: [{ name: "area", column: "quux" }, more],
  });
  const cases: [unknown, string][] = [
    [measure({ name: "setup_wns", column: "nope" }), "measures.1.column"],
    [measure({ name: "setup_wns", column: "note" }), "measures.1.column"],
    [measure({ name: "setup_wns", column: 3 }), "measures.1.column"],
    [measure({ name: "setup_wns" }), "measures.1.column"],
    [
      measure({ name: "setup_wns", column: "x".repeat(64) }),
      "measures.1.column",
    ],
    [measure({ name: "wunderbar", column: "quux" }), "measures.1.name"],
    [measure({ name: "area", column: "quux" }), "measures.1.name"],
    [
      measure({ name: "setup_wns", column: "quux", unit: "parsec" }),
      "measures.1.unit",
    ],
    [
      measure({ name: "setup_wns", column: "quux", unit: "mW" }),
      "measures.1.unit",
    ],
    [
      measure({ name: "violations", column: "quux", unit: "ns" }),
      "measures.1.unit",
    ],
    [
      measure({ name: "setup_wns", column: "quux", unit: "u".repeat(21) }),
      "measures.1.unit",
    ],
    [
      measure({ name: "setup_wns", column: "quux", metric: "ws" }),
      "measures.1.metric",
    ],
    [
      measure({ name: "setup_wns", column: "quux", metric: "" }),
      "measures.1.metric",
    ],
    [
      measure({ name: "setup_wns", column: "quux", sure: true }),
      "measures.1.sure",
    ],
    [{ measures: {} }, "measures"],
    [{ group: ["run_ts", "nope"] }, "group.1"],
    [{ group: "who" }, "group"],
    [{ group: ["note", "note"] }, "group"],
    [{ dimensions: ["nope"] }, "dimensions.0"],
    [{ group: ["note"], dimensions: ["note"] }, "group.0"],
    [{ ignored: ["nope"] }, "ignored.0"],
    [{ run: { columns: ["nope"], order_by: null } }, "run.columns.0"],
    [{ run: { columns: [], order_by: "note" } }, "run.order_by"],
    [{ run: { columns: [], order_by: "nope" } }, "run.order_by"],
    [{ run: ["run_ts"] }, "run"],
    [{ run: { columns: [], order: "run_ts" } }, "run.order"],
    [{ format: "Vivado" }, "format"],
  ];
  for (const [json, path] of cases) {
    const { status, body, text } = await test.put(json);
    equal(status, 422, `${JSON.stringify(json)} ${text}`);
    equal(body.issues[0].path, path, text);
    ok(body.issues[0].message.length > 5, text);
  }
  same((await test.get()).body.corrected, [], "nothing of it was kept");
});

Deno.test("changeMapping() refuses an archived row, and records what was done and refused", async () => {
  await using test = await start();
  await test.put({ group: ["who"] });
  await test.reset();
  await test.run("drop table runs");
  await test.found();
  for (
    const reply of [
      await test.put({ group: [] }),
      await test.reset(),
      await test.get(),
    ]
  ) {
    same([reply.status, reply.body.code], [409, "archived"]);
  }
  const { body } = await test.call("GET", "/audit?action=mapping.change");
  const { username } = test.ada;
  same(
    body.entries.map(({ actor, subject, outcome }: Record<string, string>) => [
      actor,
      subject,
      outcome,
    ]),
    ["refused", "refused", "ok", "ok"].map((outcome) => [
      ...[username, `${username}/qor/public.runs`, outcome],
    ]),
  );
});

Deno.test("a corrected column that vanished leaves its number to the automatic mapping, with a doubt", async () => {
  await using test = await start();
  await test.put({
    measures: [{ name: "setup_wns", column: "quux", unit: "ps" }],
  });
  await createNext(test.deps, never);
  await test.finish();
  await test.run("alter table runs drop column quux");
  await test.found();
  while (await createNext(test.deps, never));
  const [wns] = await test.numbers();
  same([wns.source.column, wns.sure, wns.better], ["wns_ns", false, null]);
  equal(
    wns.doubt,
    'Correction ignored: There is no column "quux".',
  );
});
