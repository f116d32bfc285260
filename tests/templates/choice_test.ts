import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert";
import { createNext } from "../../src/pipeline/create/create.ts";
import { chosenFor } from "../../src/templates/store.ts";
import { dropSamples, panel, QUERY, template } from "../help/templates.ts";
import { never } from "../help/time.ts";
import { login } from "../help/world/postgres.ts";
import { addDashboard } from "../help/world/rows.ts";
import { refused, startWorld } from "../help/world/world.ts";

Deno.test("chosenFor() takes the most specific choice", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const ada = await api.addAccount();
  const choices = {
    "user and pattern": { user_id: ada.id, pattern: "paths_*" },
    "user and kind": { user_id: ada.id, kind: "timing" },
    "user": { user_id: ada.id },
    "longer pattern": { pattern: "paths_o?d*" },
    "pattern and kind": { pattern: "paths_*", kind: "timing" },
    "pattern": { pattern: "paths_*" },
    "kind": { kind: "timing" },
  };
  for (const [name, choice] of Object.entries(choices)) {
    const { status, text } = await api.call("POST", "/templates", {
      json: template({ name, kind: "any", choose: [choice] }),
    });
    equal(status, 201, text);
  }
  const chosen = async (user_id: number, kind: "timing" | "qor", table_name: string) =>
    (await chosenFor(api.db, { user_id, kind, table_name }))?.name;
  const order = [];
  for (let name; (name = await chosen(ada.id, "timing", "paths_old"));) {
    order.push(name);
    await api.db`delete from templates where name = ${name}`;
  }
  same(order, [
    "user and pattern",
    "user and kind",
    "user",
    "pattern and kind",
    "longer pattern",
    "pattern",
    "kind",
  ]);
});

Deno.test("chosenFor() knows users, kinds and patterns apart", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const [ada, bob] = [await api.addAccount(), await api.addAccount()];
  const choose = [
    { user_id: ada.id },
    { pattern: "50%_\\(*)", kind: "qor" },
    { pattern: "a?c" },
  ];
  const made = await api.call("POST", "/templates", { json: template({ kind: "qor", choose }) });
  equal(made.status, 201, made.text);
  const table = async (user_id: number, kind: "timing" | "qor", table_name: string) =>
    await chosenFor(api.db, { user_id, kind, table_name }) !== undefined;
  for (
    const [user, kind, name, wanted] of [
      [ada, "qor", "anything", true],
      [ada, "timing", "anything", false], // the template is of another kind
      [bob, "qor", "anything", false],
      [bob, "qor", "50%_\\(x)", true],
      [bob, "qor", "500_\\(x)", false],
      [bob, "qor", "50%x\\(x)", false],
      [bob, "qor", "abc", true],
      [bob, "qor", "aBc ", false],
      [bob, "qor", "a☃c", true],
      [bob, "qor", "ac", false],
    ] as const
  ) equal(await table(user.id, kind, name), wanted, name);
});

Deno.test("choices are checked, and one place has one template", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const ada = await api.addAccount();
  const add = (name: string, choose: unknown) =>
    api.call("POST", "/templates", { json: template({ name, choose }) });
  for (
    const [choice, path] of [
      [{}, "choose.0"],
      [{ kind: "any" }, "choose.0.kind"],
      [{ kind: "qor" }, "choose.0.kind"], // the template is for timing
      [{ user_id: 99_999 }, "choose.0.user_id"],
      [{ user_id: "1" }, "choose.0.user_id"],
      [{ pattern: "" }, "choose.0.pattern"],
      [{ pattern: "a\0" }, "choose.0.pattern"],
      [{ pattern: "x".repeat(101) }, "choose.0.pattern"],
      [{ table: "x" }, "choose.0.table"],
    ] as const
  ) {
    const reply = await add("one", [choice]);
    refused(reply, 422, "invalid_input", reply.text);
    equal(reply.body.issues[0].path, path, reply.text);
  }
  const first = await add("one", [{ user_id: ada.id }, { pattern: "*" }]);
  equal(first.status, 201, first.text);
  refused(await add("two", [{ pattern: "*" }]), 409, "choice_taken");
  same((await api.call("GET", "/templates")).body.templates.length, 5);
  const path = `/templates/${first.body.id}`;
  const put = await api.call("PUT", path, { json: template({ name: "one" }) });
  equal(put.body.chosen.length, 2, "a new version alone moves no choice");
  const set = await api.call("PUT", `${path}/choices`, { json: { choose: [{ kind: "timing" }] } });
  same(set.body.chosen, [{ user_id: null, username: null, kind: "timing", pattern: null }]);
  equal(set.body.version, 2);
  equal((await add("two", [{ pattern: "*" }])).status, 201);
});

Deno.test("createNext() composes by the chosen template, and by the built-in one where that does not fit", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const ada = await api.addUser();
  const { body } = await api.call("GET", `/users/${ada.id}/credentials/TIMING_DATABASE_URL`);
  const hostile = 'pa"th${schema}s';
  {
    await using owner = login(body.key_value);
    for (const [name, column] of [[hostile, "slack_ns"], ["other", "slack"]] as const) {
      const table = owner.unsafe(`public."${name.replaceAll('"', '""')}"`);
      await owner`create table ${table} (run_ts timestamptz, ${owner(column)} float8)`;
      await owner`insert into ${table} values ('2026-01-05', -1), ('2026-01-06', 2)`;
    }
  }
  const place = { user_id: ada.id, kind: "timing" } as const;
  const fits = await addDashboard(api.db, ada.id, { kind: "timing", table_name: hostile });
  const other = await addDashboard(api.db, ada.id, { kind: "timing", table_name: "other" });
  const made = await api.call("POST", "/templates", { json: template({ choose: [place] }) });
  const { id } = made.body;

  while (await createNext(api.deps, never)) continue;
  const [board] = await api
    .db`select board, template_id, template_note from dashboards where id = ${fits}`;
  same([board!.template_id, board!.template_note], [id, null]);
  const [one] = board!.board.panels;
  equal(board!.board.panels.length, 1);
  equal(one.title, `Slack of ${hostile}`);
  const { installation } = api.deps;
  const source = { type: "postgres", uid: `dk-${installation}-${ada.id}-timing` };
  same([one.datasource, one.targets[0].datasource], [source, source]);
  same(
    [board!.board.uid, board!.board.title, board!.board.tags],
    [`dk-${installation}-d${fits}`, hostile, ["dashkeeper", "timing", ada.username]],
  );
  equal(board!.board.time.from < "2026-01-05T00:00:00.000Z", true);

  const [fallen] = await api
    .db`select board, template_note, step, last_error from dashboards where id = ${other}`;
  match(
    fallen!.template_note,
    /version 1 of "Paths of ada" does not fit .* a column .* near slack_ns/,
  );
  same([fallen!.step, fallen!.last_error], ["capture", null]);
  equal(fallen!.board.panels.length > 1, true);
  const shown = await api.call("GET", `/templates/${id}`);
  same(
    shown.body.boards.map((one: { id: number; note: string | null }) => [one.id, !one.note]),
    [[other, false], [fits, true]],
  );

  const json = template({}, [panel(QUERY, { title: "Second" })]);
  equal((await api.call("PUT", `/templates/${id}`, { json })).status, 200);
  const titleOf = async () =>
    (await api.db`select board from dashboards where id = ${fits}`)[0]!.board.panels[0].title;
  equal(await titleOf(), `Slack of ${hostile}`, "not before the next run");
  const again = () => api.db`update dashboards set step = 'create' where id = ${fits}`;
  await again();
  while (await createNext(api.deps, never)) continue;
  equal(await titleOf(), "Second");
  equal((await api.call("DELETE", `/templates/${id}`)).status, 204);
  equal(await titleOf(), "Second");
  await again();
  while (await createNext(api.deps, never)) continue;
  equal(await titleOf() === "Second", false);
});
