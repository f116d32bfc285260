import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { saveMessage } from "../../src/pipeline/messages_store.ts";
import { FRONTEND } from "../help/world/deps.ts";
import { addDashboard, stateOf } from "../help/world/rows.ts";
import { type Reply, startWorld } from "../help/world/world.ts";

const GIF = new TextEncoder().encode("GIF89a, what the browser drew");
const FIELDS = [
  "id",
  "user_id",
  "username",
  "kind",
  "schema_name",
  "table_name",
  "run",
  "source",
  "dashboard_url",
  "local_snapshot_url",
  "step",
  "stopped",
  "last_error",
  "error_code",
  "next_try_at",
  "created_at",
  "captured_at",
  "slack_sent_at",
  "archived_at",
  "edited",
  "outcome",
  "panels",
  "numbers",
  "why",
  "template_note",
  "request_id",
  "state",
  "designs",
  "failures",
  "found_at",
  "numbers_at",
  "posted_at",
  "waits_for",
  "muted_by",
  "muted_until",
  "acknowledged_by",
  "acknowledged_at",
];

/** Ada and Bob, without databases; `list` answers the names of the tables that a call lists. */
async function start() {
  const app = await startWorld();
  const [ada, bob] = [
    await app.addAccount({ username: "ada" }),
    await app.addAccount({ username: "bob" }),
  ];
  return Object.assign(app, {
    ada,
    bob,
    async list(query: string, key = app.admin): Promise<string[]> {
      const { status, body, text } = await app.call("GET", `/dashboards?${query}`, { key });
      equal(status, 200, text);
      return body.dashboards.map(({ table_name }: { table_name: string }) => table_name);
    },
  });
}

function refused({ status, body, headers }: Reply, wanted: number, code: string) {
  same([status, body.code], [wanted, code]);
  equal(body.request_id, headers.get("x-request-id"));
}

Deno.test("listDashboards() shows a row with every field, newest first", async () => {
  await using app = await start();
  const first = await addDashboard(app.db, app.ada.id, { table_name: "first", gif: GIF });
  const second = await addDashboard(app.db, app.bob.id, { table_name: "second", kind: "drc" });
  const { body } = await app.call("GET", "/dashboards");
  same(Object.keys(body), ["dashboards", "next_cursor"]);
  // deno-lint-ignore no-explicit-any
  same(body.dashboards.map(({ id }: any) => id), [second, first]);
  const row = body.dashboards[1];
  same(Object.keys(row), FIELDS);
  const { next_try_at, created_at, captured_at, found_at, ...rest } = row;
  for (const time of [next_try_at, created_at, captured_at, found_at]) {
    equal(new Date(time).toISOString(), time);
  }
  same(rest, {
    id: first,
    user_id: app.ada.id,
    username: "ada",
    kind: "qor",
    schema_name: "public",
    table_name: "first",
    run: 1,
    source: "built-in",
    dashboard_url: `${FRONTEND}/boards/${first}`,
    local_snapshot_url: `${FRONTEND}/api/v1/dashboards/${first}/preview.gif`,
    step: "create",
    stopped: false,
    last_error: null,
    slack_sent_at: null,
    archived_at: null,
    edited: false,
    error_code: null,
    outcome: null,
    panels: [],
    numbers: [],
    why: null,
    template_note: null,
    request_id: null,
    state: "create",
    designs: [],
    failures: 0,
    numbers_at: null,
    posted_at: null,
    waits_for: null,
    muted_by: null,
    muted_until: null,
    acknowledged_by: null,
    acknowledged_at: null,
  });
});

Deno.test("listDashboards() filters by user, kind and step", async () => {
  await using app = await start();
  const { db, ada, bob } = app;
  await addDashboard(db, ada.id, { table_name: "a1", kind: "qor", step: "done" });
  await addDashboard(db, ada.id, { table_name: "a2", kind: "drc", step: "create" });
  await addDashboard(db, bob.id, { table_name: "b1", kind: "qor", step: "create" });
  same(await app.list(""), ["b1", "a2", "a1"]);
  same(await app.list(`user_id=${ada.id}`), ["a2", "a1"]);
  same(await app.list("kind=qor"), ["b1", "a1"]);
  same(await app.list("step=create"), ["b1", "a2"]);
  same(await app.list(`user_id=${bob.id}&kind=qor&step=done`), []);
  for (const query of ["kind=power", "step=lost", "user_id=x", "user_id=0", "limit=501", "r=1"]) {
    refused(await app.call("GET", `/dashboards?${query}`), 422, "invalid_input");
  }
});

Deno.test("listDashboards() shows a member its own alone; another's are not to be had", async () => {
  await using app = await start();
  const { db, ada, bob } = app;
  const own = await addDashboard(db, ada.id, { table_name: "a1", gif: GIF });
  const other = await addDashboard(db, bob.id, { table_name: "b1", gif: GIF });
  const key = ada.api_key;
  same(await app.list("", key), ["a1"]);
  same(await app.list(`user_id=${ada.id}`, key), ["a1"]);
  refused(
    await app.call("GET", `/dashboards?user_id=${bob.id}`, { key }),
    404,
    "dashboard_unknown",
  );
  equal((await app.call("GET", `/dashboards/${own}`, { key })).body.table_name, "a1");
  for (
    const [method, path] of [
      ["GET", ""],
      ["GET", "/preview.gif"],
      ["GET", "/preview.png"],
      ["GET", "/preview.webp"],
      ["POST", "/retry"],
      ["POST", "/capture"],
      ["POST", "/posted"],
      ["POST", "/post"],
      ["DELETE", ""],
    ] as const
  ) {
    const reply = await app.call(method, `/dashboards/${other}${path}`, { key });
    refused(reply, 404, "dashboard_unknown");
  }
  refused(await app.call("DELETE", `/dashboards/${own}`, { key }), 403, "admin_only");
  equal((await app.list("")).length, 2);
});

Deno.test("listDashboards() leads by next_cursor through all rows, each once, as more come", async () => {
  await using app = await start();
  const tables = Array.from({ length: 7 }, (_, i) => `t${i}`);
  for (const table_name of tables) await addDashboard(app.db, app.ada.id, { table_name });
  const seen: string[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: string = `limit=3${cursor && `&cursor=${cursor}`}`;
    const { body } = await app.call("GET", `/dashboards?${query}`);
    // deno-lint-ignore no-explicit-any
    seen.push(...body.dashboards.map(({ table_name }: any) => table_name));
    cursor = body.next_cursor;
    await addDashboard(app.db, app.ada.id, { table_name: `new${seen.length}` });
  }
  same(seen, tables.toReversed());
});

Deno.test("showDashboard() adds the message of the newest run that was told", async () => {
  await using app = await start();
  const { db, ada } = app;
  const id = await addDashboard(db, ada.id, { step: "done" });
  const get = async () => (await app.call("GET", `/dashboards/${id}`, { key: ada.api_key })).body;
  equal((await get()).slack_message, null);
  same(Object.keys(await get()), [...FIELDS, "slack_message"]);
  const message = { text: "QoR of ada", blocks: [{ type: "header", text: { text: "<b>" } }] };
  await saveMessage(db, { id, run: 1 } as Parameters<typeof saveMessage>[1], message, undefined);
  same((await get()).slack_message, message);
  equal((await get()).slack_sent_at, null);

  await db`update dashboards set run = 2, step = 'create'`;
  await db`insert into runs (dashboard_id, run) values (${id}, 2)`;
  same((await get()).slack_message, message, "until run 2 is told");
  await db`update runs set posted_at = now(), slack_sent_at = now(), slack_message = '{"text": "", "blocks": []}'
    where run = 2`;
  match((await get()).slack_sent_at, /Z$/);
});

Deno.test("retryDashboard() sets a stopped row going, and only that", async () => {
  await using app = await start();
  const { db, ada } = app;
  const id = await addDashboard(db, ada.id, { step: "notify" });
  const retry = () => app.call("POST", `/dashboards/${id}/retry`, { key: ada.api_key });
  refused(await retry(), 409, "not_stopped");
  await db`update dashboards set stopped = true, failures = 7, last_error = 'why',
    next_try_at = now() + interval '10 minutes'`;
  const { status, body } = await retry();
  same([status, body.stopped, body.last_error, body.step], [202, false, null, "notify"]);
  same(Object.keys(body), FIELDS);
  const { failures, deaths, wait } = await stateOf(db, id);
  same([failures, deaths], [0, 0]);
  ok(wait <= 0);
  refused(await app.call("POST", "/dashboards/999999/retry"), 404, "dashboard_unknown");
});

Deno.test("retakePreview() requests a new preview and takes the claim from a worker", async () => {
  await using app = await start();
  const { db, ada } = app;
  const id = await addDashboard(db, ada.id, { step: "done" });
  const post = (json?: unknown) =>
    app.call("POST", `/dashboards/${id}/capture`, { key: ada.api_key, ...(json ? { json } : {}) });
  equal((await post()).body.step, "done", "there is no board to take a picture of");
  await db`update dashboards set board = '{}', step = 'create'`;
  equal((await post()).body.step, "create", "it gets its first picture anyway");
  await db`update dashboards set stopped = true`;
  refused(await post(), 409, "stopped");
  await db`update dashboards set step = 'notify', stopped = true, claim_id = gen_random_uuid()`;
  const { status, body } = await post({});
  same([status, body.step, body.stopped], [202, "capture", false]);
  equal((await stateOf(db, id)).claim_id, null);
  refused(await post({ frames: 3 }), 422, "invalid_input");
  await db`update dashboards set archived_at = now()`;
  refused(await post(), 409, "archived");
});

Deno.test("removeDashboard() leaves a tombstone, and nothing to see", async () => {
  await using app = await start();
  const { db, ada } = app;
  const id = await addDashboard(db, ada.id, { table_name: "runs", gif: GIF });
  await db`insert into runs (dashboard_id, run, gif) values (${id}, 2, ${GIF})`;
  await db`update dashboards set run = 2, board = '{}', claim_id = gen_random_uuid(),
    outcome = 'error', panels = '[{"title": "secret design"}]'`;
  await db`update runs set png = ${GIF}, slack_gif = ${GIF}`;
  const { status, text } = await app.call("DELETE", `/dashboards/${id}`);
  same([status, text], [204, ""]);
  for (const path of ["", "/preview.gif"]) {
    refused(await app.call("GET", `/dashboards/${id}${path}`), 404, "dashboard_unknown");
  }
  refused(await app.call("DELETE", `/dashboards/${id}`), 404, "dashboard_unknown");
  same(await app.list(""), []);
  const [row] = await db`select step, board, claim_id, content, outcome, panels from dashboards`;
  same({ ...row }, {
    step: "done",
    board: null,
    claim_id: null,
    content: "1:a:3:9",
    outcome: null,
    panels: [],
  });
  equal(
    (await db`select from runs where num_nonnulls(gif, png, slack_gif, thumbnail) > 0`).length,
    0,
  );
  equal((await db`select from dashboardqor`).length, 0);
});

Deno.test("the views for readers by SQL have the columns that were promised", async () => {
  await using app = await start();
  const { db, ada } = app;
  const wanted =
    "id, user_id, username, table_name, dashboard_url, local_snapshot_url, source, created_at, app_user_id, app_username, slack_sent_at"
      .split(", ");
  for (const kind of ["timing", "qor", "drc"] as const) {
    const id = await addDashboard(db, ada.id, { kind, table_name: `${kind}_runs` });
    const rows = await db.unsafe(`select * from dashboard${kind}`);
    same(rows.columns.map(({ name }) => name), wanted, kind);
    same(rows.map((row) => ({ ...row, created_at: 0 })), [{
      id,
      user_id: ada.id,
      username: "ada",
      table_name: `${kind}_runs`,
      dashboard_url: `${FRONTEND}/boards/${id}`,
      local_snapshot_url: `${FRONTEND}/api/v1/dashboards/${id}/preview.gif`,
      source: "built-in",
      created_at: 0,
      app_user_id: ada.id,
      app_username: "ada",
      slack_sent_at: null,
    }]);
  }
});

Deno.test("POST /scan looks now and tells what was found, for an admin", async () => {
  await using app = await start();
  const { status, body } = await app.call("POST", "/scan");
  same([status, body], [200, { databases_opened: 0, found: [], waiting: [], ignored: [] }]);
  const carl = await app.addUser();
  await app.write(carl, "timing", "create table runs as select 1 as a", "create table empty ()");
  const place = { username: carl.username, kind: "timing", schema_name: "public" };
  same((await app.call("POST", "/scan", { json: {} })).body, {
    databases_opened: 3,
    found: [{ ...place, table_name: "runs", run: 1 }],
    waiting: [{ ...place, table_name: "empty", why: "it has no rows yet" }],
    ignored: [],
  });
  refused(await app.call("POST", "/scan", { json: { now: true } }), 422, "invalid_input");
  refused(await app.call("POST", "/scan", { key: app.ada.api_key }), 403, "admin_only");
});
