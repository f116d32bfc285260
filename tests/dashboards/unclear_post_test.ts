import { deepStrictEqual as same, match, strictEqual as equal } from "node:assert/strict";
import puppeteer, { type Browser } from "puppeteer-core";
import { findBrowser } from "../../src/external/browser/install.ts";
import { until } from "../help/time.ts";
import { addDashboard } from "../help/world/rows.ts";
import { startWorld, type World } from "../help/world/world.ts";

const WHY = 'Slack may have this message already. Press "It is in the channel" or "Post".';

/** Ada's row whose post is unclear. */
async function unclear({ db }: World, user_id: number): Promise<number> {
  const id = await addDashboard(db, user_id, { step: "notify" });
  const message = JSON.stringify({ text: "QoR of ada", blocks: [] });
  await db`update dashboards set stopped = true, stop_code = 'post_unclear', last_error = ${WHY}
    where id = ${id}`;
  await db`update runs set posting_at = now(), posting_channel = 'C1',
    slack_message = ${message}::text::jsonb where dashboard_id = ${id}`;
  return id;
}

async function stateOf({ db }: World, id: number) {
  const [row] = await db`select d.step, d.stopped, d.last_error, r.posting_at is null as is_decided,
      r.slack_sent_at is not null as is_sent
    from dashboards d join runs r on r.dashboard_id = d.id where d.id = ${id}`;
  return { ...row };
}

/** A page of a browser of its own, where somebody signed in with a key. */
async function visitor(browser: Browser, { origin }: World, key: string) {
  const page = await (await browser.createBrowserContext()).newPage();
  await page.goto(`${origin}/sign-in`);
  await page.type("[name=api_key]", key);
  await Promise.all([page.waitForNavigation(), page.click("main button")]);
  return page;
}

/** Sends the form of one of the row's buttons from a page's own session. */
const sends = (path: string) =>
  `(async () => {
  const body = new URLSearchParams({ form_token: document.querySelector("[name=form_token]").value });
  return (await fetch(${JSON.stringify(path)}, { method: "POST", body })).status;
})()`;

Deno.test("the buttons of an unclear post decide it, for its owner and nobody else", async () => {
  await using app = await startWorld();
  const [ada, bob] = [
    await app.addAccount({ username: "ada" }),
    await app.addAccount({ username: "bob" }),
  ];
  const browser = await puppeteer.launch({
    executablePath: (await findBrowser())!,
    args: ["--no-sandbox", "--disable-gpu"],
    pipe: true,
  });
  try {
    const own = await visitor(browser, app, ada.api_key);
    const other = await visitor(browser, app, bob.api_key);
    for (
      const [what, button, step, is_sent] of [
        ["posted", "It is in the channel", "done", true],
        ["post", "Post", "notify", false],
      ] as const
    ) {
      const id = await unclear(app, ada.id);
      const address = `${app.origin}/dashboards/${id}`;
      equal((await other.goto(address))!.status(), 404);
      equal(await other.evaluate(sends(`${address}/${what}`)), 404);
      const before = { step: "notify", stopped: true, last_error: WHY };
      same(await stateOf(app, id), { ...before, is_decided: false, is_sent: false });

      await own.goto(address);
      match(
        await own.$eval("main", (main) => main.innerText),
        /Slack may have this message already/,
      );
      const selector = `form[action^="/dashboards/${id}/${what}?"] button`;
      equal(await own.$eval(selector, (found) => found.textContent), button);
      await own.click(selector);
      await until(async () => await own.$(selector).catch(() => own) === null);
      equal(own.url(), address);
      same(await stateOf(app, id), {
        ...{ step, stopped: false, last_error: null },
        ...{ is_decided: true, is_sent },
      });
    }
  } finally {
    await browser.close();
  }
});
