import { deepStrictEqual as same, match, ok } from "node:assert";
import { ExternalError } from "../../../src/errors.ts";
import { attempt } from "../../../src/pipeline/attempt.ts";
import { claimNext } from "../../../src/pipeline/row.ts";
import { addDashboard, makeDue, stateOf } from "../../help/world/rows.ts";
import { never } from "../../help/time.ts";
import { startWorld } from "../../help/world/world.ts";

Deno.test("a row that waits for the browser's installation shows progress, and no failure", async () => {
  await using app = await startWorld();
  const ada = await app.addAccount();
  const id = await addDashboard(app.db, ada.id, { step: "capture" });
  const headers = { cookie: await app.signIn(ada.api_key) };
  const fail = async (code: string, message: string) => {
    await makeDue(app.db, { id });
    const claim = (await claimNext(app.db, "capture"))!;
    await attempt(app.deps, claim, never, () => {
      throw new ExternalError("browser", message, false, { code, retryAfterSeconds: 5 });
    });
    const pages = [];
    for (const path of ["/dashboards", `/dashboards/${id}`]) {
      pages.push((await app.send("GET", path, { headers })).text);
    }
    return pages;
  };
  const message = "A browser is being installed.";
  for (const text of await fail("browser_installing", message)) {
    match(text, /<span class="state busy">Waiting for the browser</);
    match(text, /<progress [^>]*aria-label="A browser is being installed\."/);
    ok(!text.includes(`<p class="fault">${message}`));
  }
  const { failures, stopped } = await stateOf(app.db, id);
  same([failures, stopped], [0, false]);
  for (const text of await fail("no_browser", "No browser was found.")) {
    match(text, /<p class="fault">No browser was found\.</);
    ok(!text.includes("<progress"));
  }
});
