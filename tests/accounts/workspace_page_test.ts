import { match, notStrictEqual as differs, ok, strictEqual as equal } from "node:assert";
import { signIn } from "../../src/users/sign_in.ts";
import { startWorld, type User, type World } from "../help/world/world.ts";

/** The pages as a signed-in browser asks for them. */
async function browse(api: World, { api_key }: Pick<User, "api_key">) {
  const cookie = `dashkeeper_session=${await signIn(api.deps, api_key, { from: "", browser: "" })}`;
  return (method: string, path: string) =>
    api.send(method, path, { key: null, headers: { cookie } });
}

Deno.test("the page of a user shows its workspace and tends it", async () => {
  await using api = await startWorld();
  const ada = await api.addUser();
  const page = `/users/${ada.id}`;
  const admin = await browse(api, { api_key: api.admin });
  const shown = await admin("GET", page);
  equal(shown.status, 200);
  for (const kind of ["timing", "qor", "drc"]) {
    ok(shown.text.includes(`-U ${ada.username}_owner ${ada.username}_${kind}</code>`), shown.text);
  }
  ok(shown.text.includes("Not checked yet") && shown.text.includes("MiB"));

  await api.db`alter role ${api.db(`${ada.username}_reader`)} nologin`;
  equal((await admin("POST", `${page}/check`)).status, 303);
  match((await admin("GET", page)).text, /_reader: should be may log in, is may not log in/);
  equal((await admin("POST", `${page}/repair`)).status, 303);
  match((await admin("GET", page)).text, /All as it should be/);

  const own = await browse(api, ada);
  equal((await own("POST", `${page}/check`)).status, 303);
  equal((await own("POST", `${page}/database-password`)).status, 303);
  match((await own("GET", page)).text, /DATABASE_URL<\/a>[\s\S]*?<td class="num">2<\/td>/);
  equal((await own("POST", `${page}/repair`)).status, 403);
  equal((await own("POST", `${page}/recreate`)).status, 403);

  const bob = await browse(api, await api.addUser());
  for (const what of ["check", "repair", "recreate", "database-password"]) {
    equal((await bob("POST", `${page}/${what}`)).status, 404, what);
  }
  equal((await api.send("POST", `${page}/check`, { key: null })).status, 303);
});

Deno.test("the former names of a repair answer 404, by API and by form", async () => {
  await using api = await startWorld();
  const { id } = await api.addUser();
  const admin = await browse(api, { api_key: api.admin });
  for (const path of [`/users/${id}/mend`, `/users/${id}/datasources/mend`]) {
    equal((await api.call("POST", path, { json: {} })).status, 404, path);
    equal((await admin("POST", path)).status, 404, path);
    const repair = path.replace("mend", "repair");
    differs((await api.call("POST", repair, { json: {} })).status, 404, repair);
    differs((await admin("POST", repair)).status, 404, repair);
  }
});
