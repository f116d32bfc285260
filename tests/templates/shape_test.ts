import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { createNext } from "../../src/pipeline/create/create.ts";
import { dropSamples, panel, QUERY, template } from "../help/templates.ts";
import { never } from "../help/time.ts";
import { login } from "../help/world/postgres.ts";
import { addDashboard } from "../help/world/rows.ts";
import { startWorld } from "../help/world/world.ts";

async function started() {
  const api = await startWorld();
  const samples = dropSamples(api.deps);
  const dropping = { [Symbol.asyncDispose]: () => samples[Symbol.asyncDispose]() };
  const add = (panels: unknown[], fields: object = {}) => {
    const json = template({ kind: "any" }, panels);
    Object.assign(json.dashboard, fields);
    return api.call("POST", "/templates", { json });
  };
  /** What a preview's page asks for, answered as the page is. */
  const ask = async (id: number, question: object) => {
    const { text } = await api.call("GET", `/templates/${id}/preview`);
    const { query_url } = JSON.parse(/id="board-data">(.*?)<\/script>/.exec(text)![1]!);
    return await api.send("POST", query_url, { json: question });
  };
  return Object.assign(api, { add, ask, dropping });
}

const variables = (...list: unknown[]) => ({ templating: { list } });

Deno.test("what would break a board's page is refused with its place", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const at = "dashboard.panels.0";
  for (
    const [panels, fields, place] of [
      [[panel(QUERY, { title: { a: 1 } })], {}, `${at}.title`],
      [[panel(QUERY, { targets: [null] })], {}, `${at}.targets.0`],
      [[panel(QUERY, { targets: { a: 1 } })], {}, `${at}.targets`],
      [[panel(QUERY, { options: 7 })], {}, `${at}.options`],
      [[panel(QUERY, { fieldConfig: { overrides: [null] } })], {}, `${at}.fieldConfig.overrides.0`],
      [[panel(QUERY)], { templating: "x" }, "dashboard.templating"],
      [[panel(QUERY)], { templating: { list: { a: 1 } } }, "dashboard.templating.list"],
      [[panel(QUERY)], variables({ type: "query" }), "dashboard.templating.list.0.name"],
      [
        [panel(QUERY)],
        variables({ name: "a", current: { value: {} } }),
        "dashboard.templating.list.0.current.value",
      ],
      [[panel(QUERY, { type: "text", targets: undefined })], {}, "dashboard.panels"],
      [[panel("", { type: "row", targets: [] })], {}, "dashboard.panels"],
    ] as const
  ) {
    const { status, body } = await api.add([...panels], fields);
    equal(status, 422, place);
    same(body.issues.map(({ path }: { path: string }) => path), [place]);
  }
});

Deno.test("panels that only Grafana can draw are reported", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const two = [{ rawSql: "SELECT 1 AS a" }, { rawSql: "SELECT 2 AS b" }];
  const { status, body } = await api.add([
    panel(QUERY, { targets: two, transformations: [{ id: "organize" }], repeat: "design" }),
  ]);
  equal(status, 201);
  same(body.warnings.map(({ path }: { path: string }) => path.split(".").at(-1)), [
    "targets",
    "transformations",
    "repeat",
  ]);
  const { targets } = body.dashboard.panels[0];
  same(targets.map(({ refId }: { refId: string }) => refId), ["A", "B"]);
});

Deno.test("a preview shows folded rows open, and asks no hidden question", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const hidden = { refId: "H", rawSql: "SELECT 'hidden' AS a", hide: true };
  const folded = panel("SELECT 'seen' AS a", { id: 5, gridPos: { x: 0, y: 1, w: 24, h: 8 } });
  const { body: { id } } = await api.add([
    panel("", { id: 1, type: "row", targets: [], panels: [folded], gridPos: box(0, 1) }),
    panel("", {
      id: 2,
      targets: [hidden, { refId: "A", rawSql: "SELECT 2 AS a" }],
      gridPos: box(1, 4),
    }),
  ]);
  const { text } = await api.call("GET", `/templates/${id}/preview`);
  const { dashboard } = JSON.parse(/id="board-data">(.*?)<\/script>/.exec(text)![1]!);
  same(
    dashboard.panels.map((
      { id, gridPos }: { id: number; gridPos: { y: number } },
    ) => [id, gridPos.y]),
    [[1, 0], [5, 1], [2, 9]],
  );
  const first = await api.ask(id, { panel_id: 5 });
  same(first.body.results.A.frames[0].data.values, [["seen"]]);
  same(Object.keys((await api.ask(id, { panel_id: 2 })).body.results), ["A"]);
});

const box = (y: number, h: number) => ({ x: 0, y, w: 24, h });

Deno.test("a variable of several values is asked as Grafana writes it", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const current = { text: ["aes", "it's"], value: ["aes", "it's"] };
  const sql =
    "SELECT v FROM (VALUES ('aes'), ('it''s'), ('gcd')) t (v) WHERE v IN (${d:sqlstring})";
  const { body: { id } } = await api.add(
    [panel(sql)],
    variables({ name: "d", type: "custom", query: "aes,gcd", multi: true, current }),
  );
  for (const variables of [{}, { d: ["aes", "it's"] }, { d: "aes,it's" }]) {
    const { status, body } = await api.ask(id, { panel_id: 1, variables });
    equal(status, 200);
    same(body.results.A.frames[0].data.values, [["aes", "it's"]]);
  }
});

Deno.test("a board is not drawn with a variable that nothing fills there", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const ada = await api.addUser();
  const { body } = await api.call("GET", `/users/${ada.id}/credentials/TIMING_DATABASE_URL`);
  {
    await using owner = login(body.key_value);
    await owner`create table public.paths (design text)`;
    await owner`insert into public.paths values ('aes')`;
  }
  const all = { name: "d", type: "query", query: "SELECT 1", current: { value: ["$__all"] } };
  for (const where of ["= '$d'", "= '${d}'", "IN (${d:sqlstring})"]) {
    const sql = `SELECT design FROM \${table} WHERE design ${where}`;
    const { status, body } = await api.add([panel(sql)], variables(all));
    equal(status, 201, where);
    match(body.warnings[0].message, /only Grafana fills it/);
    const json = { choose: [{ user_id: ada.id }] };
    equal((await api.call("PUT", `/templates/${body.id}/choices`, { json })).status, 200);
    const id = await addDashboard(api.db, ada.id, { kind: "timing", table_name: "paths" });
    await createNext(api.deps, never);
    const [row] = await api.db`select board, template_note from dashboards where id = ${id}`;
    match(row!.template_note, /only Grafana fills it/);
    ok(!JSON.stringify(row!.board).includes("${d"), where);
    await api.db`delete from dashboards`;
    await api.db`delete from templates`;
  }
});

Deno.test("a hostile text does not hold the service", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const spaces = () => ({ rawSql: " ".repeat(99_000) + "x" });
  const asked = performance.now();
  const named = await api.add([panel(QUERY, { description: "${a".repeat(600_000) })]);
  equal(named.status, 201);
  const blank = await api.add([panel(QUERY, { targets: Array.from({ length: 20 }, spaces) })]);
  equal(blank.status, 422);
  // A second each; with patterns that go back and forth it was minutes.
  const taken = performance.now() - asked;
  ok(taken < 20_000, `${taken} ms`);
});
