import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import type { Panel } from "../../../src/previews/outcome.ts";
import { addDashboard, stateOf } from "../../help/world/rows.ts";
import { startWorld } from "../../help/world/world.ts";

const GIF = new TextEncoder().encode("GIF89a");

/** Ada's row `id`, and its page as somebody sees it. */
async function start(row: Parameters<typeof addDashboard>[2] = {}) {
  const app = await startWorld();
  const [ada, bob] = [
    await app.addAccount({ username: "ada" }),
    await app.addAccount({ username: "bob" }),
  ];
  const id = await addDashboard(app.db, ada.id, { table_name: "qor_runs", ...row });
  const cookies = new Map<string, string>();
  async function headers(key: string) {
    if (!cookies.has(key)) cookies.set(key, await app.signIn(key));
    return { cookie: cookies.get(key)!, origin: app.origin };
  }
  return Object.assign(app, {
    id,
    ada,
    bob,
    page: async (key = ada.api_key) =>
      await app.send("GET", `/dashboards/${id}`, { headers: await headers(key) }),
    press: async (path: string, key = ada.api_key) =>
      await app.send("POST", `/dashboards/${id}/${path}`, { headers: await headers(key) }),
    /** What the last capture saw. */
    async saw(outcome: string, panels: Partial<Panel>[]) {
      await app.db`
        update dashboards set outcome = ${outcome}, panels = ${
        JSON.stringify(panels)
      }::text::jsonb`;
    },
  });
}

Deno.test("/dashboards/:id shows the pictures, what came panel by panel, and when", async () => {
  await using test = await start({ gif: GIF, step: "done" });
  await test.saw("loaded", [
    { id: 1, title: "Area", state: "loaded", message: null },
    { id: 2, title: "Setup WNS", state: "empty", message: null },
    { id: 3, title: "", state: "none", message: null },
  ]);
  await test.db`update runs set png = ${GIF}, slack_sent_at = '2026-03-01T12:34:56Z'`;
  const { status, text } = await test.page();
  equal(status, 200);
  for (const what of ["gif", "png"]) {
    match(text, new RegExp(`<img src="/api/v1/dashboards/${test.id}/preview.${what}\\?at=2`));
  }
  const shown = [
    ["Area", "Has data"],
    ["Setup WNS", "No data"],
    ["Panel 3", "Asks for nothing"],
  ];
  for (const [title, state] of shown) {
    match(text, new RegExp(`<th scope="row">${title}</th><td><span class="state \\w+">${state}<`));
  }
  ok(text.includes("Without data: Setup WNS."));
  ok(text.includes("2026-03-01 12:34:56 UTC"));
  ok(
    text.includes(`href="/dashboards/${test.id}/message"`) && text.includes(`/boards/${test.id}"`),
  );
  const list = await test.send("GET", "/dashboards", {
    headers: { cookie: await test.signIn(test.ada.api_key) },
  });
  ok(list.text.includes(`href="/dashboards/${test.id}"`));
  ok(list.text.includes("1 of 3 panels without data"));
});

Deno.test("/dashboards/:id says why a row stopped, and how often it was tried", async () => {
  await using test = await start({ gif: GIF, step: "capture" });
  await test.saw("error", [{ id: 1, title: "Area", state: "error", message: "no column area" }]);
  await test.db`update dashboards set stopped = true, last_error = 'Area: no column area.',
    capture_tries = 3, failures = 4`;
  const { text } = await test.page();
  for (
    const part of [
      "Needs attention: Capturing",
      "Area: no column area.",
      "A panel shows an error",
      "no column area</p>",
      "3 of 3 captures without a finished dashboard, 1 other failure",
      `action="/dashboards/${test.id}/retry?from=row"`,
    ]
  ) ok(text.includes(part), part);
  ok(!text.includes("Next attempt"));
  await test.db`update dashboards set stopped = false, capture_tries = 1, failures = 1,
    next_try_at = '2100-01-02T03:04:05Z'`;
  const waiting = (await test.page()).text;
  ok(waiting.includes("Next attempt") && waiting.includes("2100-01-02 03:04:05 UTC"));
  ok(waiting.includes("1 of 3 captures without") && !waiting.includes("/retry"));
});

Deno.test("/dashboards/:id shows the last picture until a new run has one, and says so", async () => {
  await using test = await start();
  ok((await test.page()).text.includes("No preview yet"));
  await test.db`update runs set gif = ${GIF}, captured_at = '2026-03-01T12:00:00Z'`;
  await test.db`insert into runs (dashboard_id, run, row_count) values (${test.id}, 2, 1234)`;
  await test.db`update dashboards set run = 2`;
  const { text } = await test.page();
  ok(
    text.includes("the preview of run 2 is pending") && text.includes("preview.gif?at=2026"),
  );
  ok(!text.includes("preview.png"), "there is no still");
  ok(text.includes("1,234"));
});

Deno.test("the buttons of /dashboards/:id lead back to it, without JavaScript", async () => {
  await using test = await start({ step: "notify" });
  await test.db`update dashboards set stopped = true, board = '{}'`;
  const back = `/dashboards/${test.id}`;
  for (const what of ["retry", "capture"]) {
    const { status, headers } = await test.press(`${what}?from=row`);
    same([status, headers.get("location")], [303, back], what);
  }
  const { step, stopped } = await stateOf(test.db, test.id);
  same([step, stopped], ["capture", false]);
  equal((await test.press("capture")).headers.get("location"), "/dashboards");
  equal((await test.press("capture?from=//evil.test")).status, 422);
  ok(!(await test.page()).text.includes(`${back}/remove`));
  equal((await test.press("remove")).status, 403);
  ok((await test.page(test.admin)).text.includes(`action="${back}/remove"`));
  equal((await test.press("remove", test.admin)).headers.get("location"), "/dashboards");
  equal((await test.page()).status, 404);
});

Deno.test("/dashboards/:id is its owner's and the admin's", async () => {
  await using test = await start();
  equal((await test.page(test.admin)).status, 200);
  const foreign = await test.page(test.bob.api_key);
  same([foreign.status, foreign.text.includes("qor_runs")], [404, false]);
  ok(foreign.text.includes("There is no such dashboard."));
  const stranger = await test.send("GET", `/dashboards/${test.id}`);
  same([stranger.status, stranger.headers.get("location")], [
    303,
    `/sign-in?next=${encodeURIComponent(`/dashboards/${test.id}`)}`,
  ]);
  const headers = { cookie: await test.signIn(test.ada.api_key) };
  equal((await test.send("GET", "/dashboards/x", { headers })).status, 400);
  equal((await test.send("GET", "/dashboards/999999", { headers })).status, 404);
});

Deno.test("/dashboards/:id shows hostile names and sentences as text", async () => {
  const hostile = `<script>alert("1")</script>'"&<img src=x onerror=alert(2)>`;
  await using test = await start({ schema_name: hostile, table_name: hostile, gif: GIF });
  await test.db`update dashboards set last_error = ${hostile}`;
  await test.saw("error", [{ id: 1, title: hostile, state: "error", message: hostile }]);
  const { status, text } = await test.page();
  equal(status, 200);
  ok(text.includes("alert("));
  ok(!/<script>alert|<img src=x|alt="[^"]*<img/.test(text), text);
});
