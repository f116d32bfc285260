import { match, ok, strictEqual as equal } from "node:assert";
import { never } from "../../help/time.ts";
import { startWorld } from "../../help/world/world.ts";
import { createNext } from "../../../src/pipeline/create/create.ts";

const TABLE = `create table runs (run_ts timestamptz, who text, wns_ns float8, "qu:ux <b>" float8,
  note text)`;
const ROWS = `insert into runs values ('2026-01-01', 'alu', -0.1, -500, '<script>x</script>'),
  ('2026-01-02', 'alu', -0.2, -400, null)`;

/** Ada's page of her table `runs`. */
async function start() {
  const test = await startWorld({ user: true });
  await test.run(TABLE, ROWS);
  await test.found();
  ok(await createNext(test.deps, never));
  const [row] = await test.db<{ id: number }[]>`select id from dashboards`;
  const page = `/dashboards/${row!.id}`;
  const cookie = await test.signIn(test.ada.api_key);
  return Object.assign(test, {
    id: row!.id,
    page,
    cookie,
    show: (headers: Record<string, string> = {}, by = cookie) =>
      test.send("GET", page, { headers: { cookie: by, ...headers } }),
    fill: (fields: Record<string, string>, by = cookie) =>
      test.send("POST", `${page}/mapping`, {
        headers: { cookie: by, origin: test.origin },
        body: new URLSearchParams(fields),
      }),
    async mapping() {
      return (await test.call("GET", `${page}/mapping`)).body;
    },
  });
}

/** Which option of a select is chosen on the page. */
function chosen(html: string, name: string): string | undefined {
  const start = html.indexOf(`<select name="${name}"`);
  const select = html.slice(start, html.indexOf("</select>", start));
  return /<option value="([^"]*)" selected/.exec(select)?.[1];
}
const written = (html: string, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1];

Deno.test("a dashboard's page says how its table is read, beside its first rows", async () => {
  await using test = await start();
  const { status, text } = await test.show();
  equal(status, 200);
  match(text, /How this table is read/);
  equal(chosen(text, "role:run_ts"), "run order");
  equal(chosen(text, "role:who"), "");
  equal(chosen(text, "column:setup_wns"), "wns_ns");
  equal(written(text, "unit:setup_wns"), "ns");
  ok(text.includes("&lt;script&gt;x&lt;/script&gt;") && !text.includes("<script>x"), text);
  ok(text.includes("qu:ux &lt;b&gt;"));
  const again = await test.show({ "hx-request": "true" });
  ok(again.text.includes("How this table is read") && !again.text.includes("role:run_ts"));
});

Deno.test("the form corrects the parts that it changes, and resets them", async () => {
  await using test = await start();
  const reply = await test.fill({
    "role:run_ts": "run order",
    "role:who": "group",
    "role:note": "ignored",
    "column:setup_wns": "qu:ux <b>",
    "unit:setup_wns": "ps",
  });
  equal(reply.status, 303, reply.text);
  equal(reply.headers.get("location"), `${test.page}#mapping`);
  const { group, run, corrected, measures } = await test.mapping();
  equal(group.join(), "who");
  equal(run.columns.join(), "run_ts");
  equal(corrected.join(), "group,measures.setup_wns,ignored");
  equal([measures[0].column, measures[0].unit].join(), "qu:ux <b>,ps");
  const { text } = await test.show();
  match(text, /Corrected: group, ignored\./);
  equal(chosen(text, "column:setup_wns"), "qu:ux &lt;b&gt;");
  const [row] = await test.db`select step from dashboards`;
  equal(row!.step, "create");

  const added = { "name:new": "hold_wns", "column:new": "wns_ns", "unit:new": "ns" };
  equal((await test.fill(added)).status, 303);
  ok((await test.mapping()).corrected.includes("measures.hold_wns"));
  equal((await test.fill({ reset: "true" })).status, 303);
  equal((await test.mapping()).corrected.join(), "");
});

Deno.test("the form shows what is wrong beside its field, with all that was typed", async () => {
  await using test = await start();
  const reply = await test.fill({
    "role:who": "group",
    "column:setup_wns": "note",
    "unit:setup_wns": "parsec",
  });
  equal(reply.status, 422);
  match(reply.text, /id="fault-unit:setup_wns">Unknown unit &quot;parsec&quot;\./);
  equal(chosen(reply.text, "role:who"), "group");
  equal(chosen(reply.text, "column:setup_wns"), "note");
  equal(written(reply.text, "unit:setup_wns"), "parsec");
  const twice = await test.fill({ "role:who": "order", "role:run_ts": "order" });
  match(twice.text, /id="fault-role:who">Only one column can be the time of the run\./);
  const timeless = await test.fill({ "role:who": "order", "role:run_ts": "" });
  match(timeless.text, /id="fault-role:who">Column &quot;who&quot; has no times\./);
  equal((await test.mapping()).corrected.join(), "", "nothing of it was kept");
});

Deno.test("the form is its table's user's alone, and a table that is away leaves the page whole", async () => {
  await using test = await start();
  const bob = await test.signIn((await test.addAccount({ username: "bob" })).api_key);
  for (const reply of [await test.show({}, bob), await test.fill({ "role:who": "group" }, bob)]) {
    equal(reply.status, 404);
  }
  await test.run("drop table runs");
  const { status, text } = await test.show();
  equal(status, 200);
  match(text, /How this table is read.*The table is not there\./s);
  await test.found();
  ok(!(await test.show()).text.includes("How this table is read"), "its row is archived");
});
