import {
  deepStrictEqual as same,
  doesNotMatch,
  match,
  ok,
  strictEqual as equal,
} from "node:assert";
import { signIn } from "../../src/users/sign_in.ts";
import { dropSamples, panel, template } from "../help/templates.ts";
import { startWorld, type User, type World } from "../help/world/world.ts";

/** The pages as a signed-in browser without JavaScript uses them. */
async function browse(api: World, { api_key }: Pick<User, "api_key">) {
  const cookie = `dashkeeper_session=${await signIn(api.deps, api_key, { from: "", browser: "" })}`;
  return async (path: string, form?: Record<string, string | File>) => {
    if (!form) return await api.send("GET", path, { headers: { cookie } });
    const body = new FormData();
    for (const [name, value] of Object.entries(form)) body.append(name, value);
    const headers = { cookie, origin: api.origin };
    return await api.send("POST", path, { headers, body });
  };
}

const dashboardText = (title = "x") =>
  JSON.stringify(template({}, [panel("SELECT 1 AS n", { title })]).dashboard);

Deno.test("an admin adds a template by a file or as text, chooses it, changes it and removes it", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const ada = await api.addAccount();
  const page = await browse(api, { api_key: api.admin });
  const empty = await page("/templates");
  match(empty.text, /<a href="\/templates"[^>]*>Templates<\/a>/);
  for (const name of ["timing", "qor", "drc", "plain"]) ok(empty.text.includes(`>${name}</a>`));

  const file = new File([dashboardText("filed")], "board.json", { type: "application/json" });
  const added = await page("/templates", { name: "Mine", kind: "timing", dashboard: "", file });
  equal(added.status, 303, added.text);
  const at = added.headers.get("location")!;
  const typed = { name: "Mine", kind: "qor", dashboard: dashboardText() };
  const double = await page("/templates", typed);
  equal(double.status, 409);
  match(double.text, /There is already a template (&quot;|")Mine/);
  ok(double.text.includes('value="Mine"'), "what was typed is still there");

  const chosen = await page(`${at}/choices`, { username: ada.username, kind: "", pattern: "p_*" });
  equal(chosen.status, 303, chosen.text);
  equal((await page(`${at}/choices`, { username: "", kind: "timing", pattern: "" })).status, 303);
  const shown = await page(at);
  ok(shown.text.includes(`${ada.username}’s tables named p_*`), shown.text);
  ok(shown.text.includes("All Timing tables"));
  equal(
    (await page(`${at}/choices`, { username: "", kind: "timing", remove: "true" })).status,
    303,
  );
  doesNotMatch((await page(at)).text, /All Timing tables/);

  const changed = await page(at, { ...typed, kind: "timing", dashboard: dashboardText("second") });
  equal(changed.status, 303, changed.text);
  const id = Number(at.split("/").at(-1));
  const { body } = await api.call("GET", `/templates/${id}`);
  same([body.version, body.dashboard.panels[0].title, body.chosen.length], [2, "second", 1]);
  equal((await page(`${at}/preview`)).status, 200);
  equal((await page(`${at}/remove`, {})).status, 303);
  equal((await page(at)).status, 404);
});

Deno.test("a form that is not right comes back with what is wrong", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const page = await browse(api, { api_key: api.admin });
  const made = await api.call("POST", "/templates", { json: template() });
  const at = `/templates/${made.body.id}`;
  const bad = JSON.stringify({ panels: [panel("DROP TABLE x")] });
  const typed = { name: "<b>", kind: "timing" };
  for (
    const [path, form, wanted] of [
      ["/templates", { ...typed, dashboard: dashboardText() }, /<code>name<\/code> A name has/],
      ["/templates", { ...typed, name: "a", dashboard: "" }, /Choose a file/],
      ["/templates", { ...typed, name: "a", dashboard: "<p>{" }, /not the JSON/],
      ["/templates", { ...typed, name: "a", dashboard: "x".repeat(2 ** 21 + 1) }, /at most 2 MiB/],
      ["/templates", { ...typed, name: "a", kind: "x", dashboard: "{}" }, /<code>kind/],
      [
        "/templates",
        { ...typed, name: "a", dashboard: bad },
        /targets\.0\.rawSql<\/code> Only SELECT/,
      ],
      [at, { ...typed, name: "a", dashboard: bad }, /targets\.0\.rawSql<\/code> Only SELECT/],
      [`${at}/choices`, { username: "", kind: "", pattern: "" }, /names a user/],
      [`${at}/choices`, { username: "nobody", kind: "", pattern: "" }, /no such user/],
      [`${at}/choices`, { username: "", kind: "qor", pattern: "" }, /kind timing/],
    ] as [string, Record<string, string>, RegExp][]
  ) {
    const { status, text } = await page(path, form);
    equal(status, 422, `${path} ${JSON.stringify(form).slice(0, 200)}`);
    match(text, wanted);
    doesNotMatch(text, /<b>|<p>\{/);
  }
  equal((await api.db`select 1 from templates`).length, 1);
});

Deno.test("a member looks at templates and is offered nothing to change", async () => {
  await using api = await startWorld();
  await using _ = dropSamples(api.deps);
  const { body: { id } } = await api.call("POST", "/templates", { json: template() });
  const member = await browse(api, await api.addAccount());
  for (const path of ["/templates", `/templates/${id}`, "/templates/1"]) {
    const { status, text } = await member(path);
    equal(status, 200);
    doesNotMatch(text, /action="\/templates/);
  }
  equal((await member("/templates/1/preview")).status, 200);
  const form = { name: "a", kind: "any", dashboard: dashboardText() };
  equal((await member("/templates", form)).status, 403);
  equal((await member(`/templates/${id}`, form)).status, 403);
  equal((await member(`/templates/${id}/choices`, { pattern: "x" })).status, 403);
  equal((await member(`/templates/${id}/remove`, {})).status, 403);
  const stranger = await api.send("GET", `/templates/${id}`);
  equal(
    `${stranger.status} ${stranger.headers.get("location")}`,
    `303 /sign-in?next=%2Ftemplates%2F${id}`,
  );
  const forged = { cookie: "dashkeeper_session=x", origin: "http://elsewhere.test" };
  const body = new URLSearchParams(form).toString();
  const type = { "content-type": "application/x-www-form-urlencoded" };
  equal(
    (await api.send("POST", "/templates", { headers: { ...forged, ...type }, body })).status,
    403,
  );
});
