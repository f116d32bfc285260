import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { dropSamples, panel, QUERY, template } from "../help/templates.ts";
import { refused, startWorld, type World } from "../help/world/world.ts";

const BUILT_IN = [
  { id: 1, name: "timing", kind: "timing", built_in: true, version: 1 },
  { id: 2, name: "qor", kind: "qor", built_in: true, version: 1 },
  { id: 3, name: "drc", kind: "drc", built_in: true, version: 1 },
  { id: 4, name: "plain", kind: "any", built_in: true, version: 1 },
];

async function started() {
  const api = await startWorld();
  const samples = dropSamples(api.deps);
  return Object.assign(api, {
    add: (json: object = template(), key = api.admin) =>
      api.call("POST", "/templates", { key, json }),
    dropping: { [Symbol.asyncDispose]: () => samples[Symbol.asyncDispose]() },
  });
}

Deno.test("a template is added, listed, shown, changed and removed", async () => {
  await using api = await started();
  await using _ = api.dropping;
  same((await api.call("GET", "/templates")).body, { templates: BUILT_IN });

  const made = await api.add();
  equal(made.status, 201, made.text);
  const { id } = made.body;
  ok(id > 100);
  const listed = { id, name: "Paths of ada", kind: "timing", built_in: false, version: 1 };
  same((await api.call("GET", "/templates")).body.templates, [...BUILT_IN, listed]);
  same(made.body.warnings, []);
  const { dashboard } = made.body;
  same(Object.keys(dashboard).sort(), ["panels", "schemaVersion", "title"]);
  same(dashboard.panels[0].datasource, { type: "postgres", uid: "${datasource}" });
  same(dashboard.panels[0].targets[0].rawSql, QUERY);

  const json = template({ name: "Paths", kind: "any" }, [panel("SELECT 1 AS n")]);
  const changed = await api.call("PUT", `/templates/${id}`, { json });
  equal(changed.status, 200, changed.text);
  equal(`${changed.body.name} ${changed.body.kind} ${changed.body.version}`, "Paths any 2");
  same(changed.body.versions.map(({ version }: { version: number }) => version), [2, 1]);
  const old = await api.call("GET", `/templates/${id}/versions/1`);
  same([old.body.shown_version, old.body.dashboard], [1, dashboard]);
  refused(await api.call("GET", `/templates/${id}/versions/3`), 404, "template_unknown");

  const removed = await api.call("DELETE", `/templates/${id}`);
  equal(`${removed.status} ${removed.text}`, "204 ");
  for (const [method, path] of [["GET", ""], ["GET", "/preview"], ["DELETE", ""]] as const) {
    refused(await api.call(method, `/templates/${id}${path}`), 404, "template_unknown");
  }
  same(await api.recorded(), [
    `admin: template.remove template ${id} refused`,
    "admin: template.remove Paths ok",
    "admin: template.change Paths ok",
    "admin: template.create Paths of ada ok",
  ]);
});

Deno.test("a built-in template is shown and stays as it is", async () => {
  await using api = await started();
  for (const { id, name } of BUILT_IN) {
    const { status, body } = await api.call("GET", `/templates/${id}`);
    equal(status, 200);
    same([body.name, body.built_in, body.dashboard], [name, true, null]);
    refused(await api.call("DELETE", `/templates/${id}`), 409, "built_in");
    refused(await api.call("PUT", `/templates/${id}`, { json: template() }), 409, "built_in");
    const json = { choose: [{ kind: "qor" }] };
    refused(await api.call("PUT", `/templates/${id}/choices`, { json }), 409, "built_in");
    refused(await api.add(template({ name })), 409, "template_exists");
  }
  refused(await api.call("GET", "/templates/5"), 404, "template_unknown");
  refused(await api.call("GET", "/templates/1/versions/2"), 404, "template_unknown");
});

Deno.test("a member reads templates and writes none", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const [ada, bob] = [await api.addAccount(), await api.addAccount()];
  const choose = [{ user_id: ada.id }, { user_id: bob.id, pattern: "x" }, { kind: "timing" }];
  const { body: { id } } = await api.add(template({ choose }));
  const key = ada.api_key;
  equal((await api.call("GET", "/templates", { key })).body.templates.length, 5);
  const shown = await api.call("GET", `/templates/${id}`, { key });
  same(shown.body.chosen.map((one: { username: string }) => one.username), [null, ada.username]);
  equal((await api.call("GET", `/templates/${id}/preview`, { key })).status, 200);
  refused(await api.add(template(), key), 403, "admin_only");
  for (const at of [id, 1, 99_999]) {
    const path = `/templates/${at}`;
    refused(await api.call("PUT", path, { key, json: template() }), 403, "admin_only");
    refused(await api.call("DELETE", path, { key }), 403, "admin_only");
    const json = { choose: [] };
    refused(await api.call("PUT", `${path}/choices`, { key, json }), 403, "admin_only");
  }
  equal((await api.db`select 1 from template_versions`).length, 1);
  ok((await api.recorded()).includes(`${ada.username}: template.create Paths of ada refused`));
});

/** The places that an answer names. */
function placesIn(reply: { status: number; text: string; body: { issues: { path: string }[] } }) {
  equal(reply.status, 422, reply.text);
  return reply.body.issues.map(({ path }) => path);
}

Deno.test("what is no template is refused with each place and its reason", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const target = "dashboard.panels.0.targets.0.rawSql";
  const place = (gridPos: unknown) => [panel(QUERY, { gridPos })];
  const deep = JSON.parse(`${"[".repeat(60)}${"]".repeat(60)}`);
  for (
    const [panels, wanted] of [
      [[], ["dashboard"]],
      ["none", ["dashboard"]],
      [[7, panel(QUERY)], ["dashboard.panels.0"]],
      [[panel(QUERY), panel(QUERY)], ["dashboard.panels.1.id"]],
      [[panel(QUERY, { id: "1" })], ["dashboard.panels.0.id"]],
      [[panel(QUERY, { type: 1 })], ["dashboard.panels.0.type"]],
      [place(undefined), ["dashboard.panels.0.gridPos"]],
      [place({ x: 13, y: 0, w: 12, h: 8 }), ["dashboard.panels.0.gridPos"]],
      [place({ x: -1, y: 0, w: 12, h: 8 }), ["dashboard.panels.0.gridPos"]],
      [place({ x: 0, y: 0, w: 12, h: 0 }), ["dashboard.panels.0.gridPos"]],
      [place({ x: 0.5, y: 0, w: 12, h: 8 }), ["dashboard.panels.0.gridPos"]],
      [[panel(undefined)], [target]],
      [[panel("")], [target]],
      [[panel("DELETE FROM ${table}")], [target]],
      [[panel("SELECT 1; SELECT 2")], [target]],
      [[panel("SELEC 1")], [target]],
      [[panel("SELECT * FORM ${table}")], [target]],
      [[panel("SELECT 1) a, (SELECT 2")], [target]],
      [[panel("WITH x AS (DELETE FROM nothing RETURNING *) SELECT * FROM x")], [target]],
      [[panel("SELECT 1 FROM ${tabel}")], [target]],
      [[panel(QUERY, { title: "${nothing}" })], ["dashboard.panels.0.title"]],
      [[panel(QUERY, { title: "${table:raw}" })], ["dashboard.panels.0.title"]],
      [[panel(QUERY, { title: "a\0b" })], ["dashboard.panels.0.title"]],
      [[panel(QUERY, { title: "\ud800" })], ["dashboard.panels.0.title"]],
      [[panel(QUERY, { deep })], ["dashboard"]],
      [Array.from({ length: 101 }, (_, i) => panel(QUERY, { id: i + 1 })), ["dashboard.panels"]],
      [
        [panel(QUERY, { id: 9, type: "row", targets: [], panels: [panel("DROP TABLE a")] })],
        ["dashboard.panels.0.panels.0.targets.0.rawSql"],
      ],
    ] as [unknown[], string[]][]
  ) {
    const reply = await api.add(template({}, panels));
    same(placesIn(reply), wanted, JSON.stringify(panels).slice(0, 300));
    for (const { message } of reply.body.issues) match(message, /^[A-Z].*\.$/s);
  }
  const near = await api.add(template({}, [panel("SELECT * FORM ${table}")]));
  match(near.body.issues[0].message, /near FORM/);
  same(placesIn(await api.add({ ...template(), dashboard: { rows: [] } })), ["dashboard"]);
  for (const name of ["", " a", "a ", "a\nb", "<b>", "ａｄａ", "‮a", "x".repeat(101), 7]) {
    same(placesIn(await api.add(template({ name }))), ["name"], `${name}`);
  }
  const list = [
    { name: "table", type: "textbox", query: "" },
    { name: "design", type: "query", query: "DROP TABLE x" },
    { name: "job", type: "query", query: "label_values(job)", datasource: { type: "loki" } },
  ];
  const own = template();
  Object.assign(own.dashboard, { templating: { list } });
  const at = "dashboard.templating.list";
  same(placesIn(await api.add(own)), [`${at}.0.name`, `${at}.1.query`]);
  equal((await api.db`select 1 from templates`).length, 0);
});

Deno.test("unsupported options are reported as warnings, not refused", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const { status, body, text } = await api.add(template({ kind: "any" }, [
    panel(QUERY),
    panel("SELECT no_such FROM ${table}", { id: 2, type: "geomap" }),
    panel("SELECT 1 FROM ${table} WHERE $__unixEpochFilter(run_ts)", { id: 3 }),
    panel(undefined, { id: 4, targets: [{ datasource: { type: "loki", uid: "l" }, expr: "x" }] }),
  ]));
  equal(status, 201, text);
  same(body.warnings.map(({ path }: { path: string }) => path).sort(), [
    "dashboard.panels.1.targets.0.rawSql",
    "dashboard.panels.1.type",
    "dashboard.panels.2.targets.0.rawSql",
    "dashboard.panels.3.targets.0",
  ]);
  same((await api.call("GET", `/templates/${body.id}`)).body.warnings, body.warnings);
});

Deno.test("a template may have 2 MiB, and no other body", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const json = template({}, [panel(QUERY, { description: "" })]);
  const size = (about: string) => {
    (json.dashboard.panels[0] as { description: string }).description = about;
    return JSON.stringify(json);
  };
  const most = 2 * 1024 * 1024 - size("").length;
  const post = (body: string) => api.call("POST", "/templates", { body });
  refused(await post(size("x".repeat(most + 1))), 413, "body_too_large");
  const made = await post(size("x".repeat(most)));
  equal(made.status, 201);
  equal(made.body.dashboard.panels[0].description.length, most);
  const body = size("x".repeat(300_000));
  const path = `/templates/${made.body.id}`;
  equal((await api.call("PUT", path, { body })).status, 200);
  refused(await api.call("PUT", `${path}/choices`, { body }), 413, "body_too_large");
  refused(await api.call("POST", "/users", { body }), 413, "body_too_large");
});

const names = async (api: World) =>
  (await api.db`select name, version from templates order by id`).map((row) =>
    `${row.name} ${row.version}`
  );

Deno.test("one of two concurrent creations with the same name gets a 409", async () => {
  await using api = await started();
  await using _ = api.dropping;
  await api.add(template({ name: "first" }));
  const hold = (tx: World["db"]) => tx`lock table templates in share mode`;
  const both = await api.behind(
    2,
    (tx) => hold(tx as World["db"]),
    () => Promise.all([api.add(), api.add()]),
  );
  same(both.map(({ status }) => status).sort(), [201, 409]);
  refused(both.find(({ status }) => status === 409)!, 409, "template_exists");
  const path = `/templates/${both.find(({ status }) => status === 201)!.body.id}`;
  refused(
    await api.call("PUT", path, { json: template({ name: "first" }) }),
    409,
    "template_exists",
  );
  same(await names(api), ["first 1", "Paths of ada 1"]);
});

Deno.test("of two versions at a time none is lost", async () => {
  await using api = await started();
  await using _ = api.dropping;
  const { body: { id } } = await api.add();
  const put = (title: string) =>
    api.call("PUT", `/templates/${id}`, { json: template({}, [panel(QUERY, { title })]) });
  const both = await api.behind(
    2,
    (tx) => tx`select 1 from templates where id = ${id} for update`,
    () => Promise.all([put("one"), put("two")]),
  );
  same(both.map(({ status }) => status), [200, 200]);
  const titles = [];
  for (const version of [2, 3]) {
    const { body } = await api.call("GET", `/templates/${id}/versions/${version}`);
    titles.push(body.dashboard.panels[0].title);
  }
  same(titles.sort(), ["one", "two"]);
  same(await names(api), ["Paths of ada 3"]);
});
