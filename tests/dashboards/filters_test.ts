import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import { addDashboard } from "../help/world/rows.ts";
import { refused, startWorld } from "../help/world/world.ts";

async function start() {
  const app = await startWorld();
  const ada = await app.addAccount({ username: "ada" });
  const bob = await app.addAccount({ username: "bob" });
  const { db } = app;
  const add = (user_id: number, table_name: string, set: Record<string, unknown> = {}) =>
    addDashboard(db, user_id, { table_name, step: "done" }).then(async (id) => {
      for (const [name, value] of Object.entries(set)) {
        await db`update dashboards set ${db({ [name]: value })} where id = ${id}`;
      }
      return id;
    });
  await add(ada.id, "Beta_runs", { outcome: "loaded", designs: ["cpu 7nm"] });
  await add(ada.id, "alpha", { stopped: true, step: "notify" });
  await add(bob.id, "gamma_runs", { step: "capture", outcome: "error" });
  await add(bob.id, "delta", { archived_at: "2026-01-01T00:00:00Z" });
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

Deno.test("pageOfDashboards() filters by user, state, outcome, design and name", async () => {
  await using app = await start();
  const cases: [query: string, found: string[]][] = [
    ["username=bob", ["delta", "gamma_runs"]],
    ["username=nobody", []],
    [`username=bob&user_id=${app.ada.id}`, []],
    ["state=attention", ["alpha"]],
    ["state=capture", ["gamma_runs"]],
    ["state=done&archived=false", ["Beta_runs"]],
    ["outcome=error", ["gamma_runs"]],
    ["design=cpu+7nm", ["Beta_runs"]],
    ["design=cpu", []],
    ["q=RUNS", ["gamma_runs", "Beta_runs"]],
    ["q=%25", []],
    ["q=_r", ["gamma_runs", "Beta_runs"]],
    ["archived=true", ["delta"]],
  ];
  for (const [query, found] of cases) same(await app.list(query), found, query);
  for (const query of ["state=lost", "outcome=x", "q=", "q=%00", "sort=size", "username="]) {
    refused(await app.call("GET", `/dashboards?${query}`), 422, "invalid_input");
  }
});

Deno.test("pageOfDashboards() leads through each sort page by page, every row once", async () => {
  await using app = await start();
  const sorts = {
    newest: ["delta", "gamma_runs", "alpha", "Beta_runs"],
    name: ["alpha", "Beta_runs", "delta", "gamma_runs"],
    state: ["alpha", "gamma_runs", "delta", "Beta_runs"],
  };
  for (const [sort, names] of Object.entries(sorts)) {
    same(await app.list(`sort=${sort}`), names);
    const paged: string[] = [];
    let cursor = "";
    do {
      const { body } = await app.call("GET", `/dashboards?sort=${sort}&limit=1${cursor}`);
      paged.push(body.dashboards[0].table_name);
      cursor = body.next_cursor && `&cursor=${body.next_cursor}`;
    } while (cursor);
    same(paged, names);
  }
});

Deno.test("pageOfDashboards() refuses a member another's username, and finds its own alone", async () => {
  await using app = await start();
  const key = app.ada.api_key;
  same(await app.list("q=a", key), ["alpha", "Beta_runs"]);
  same(await app.list("username=ada", key), ["alpha", "Beta_runs"]);
  const other = await app.call("GET", "/dashboards?username=bob", { key });
  refused(other, 404, "dashboard_unknown");
});
