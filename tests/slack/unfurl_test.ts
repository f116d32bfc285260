import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { addPosted, saveCredentials, share, shownIn, wns } from "../help/slack_app/ask.ts";
import { type AppWorld, startAppWorld } from "../help/slack_app/app_world.ts";
import { never } from "../help/time.ts";
import { finishCalls } from "../../src/slack/inbox.ts";
import { FRONTEND } from "../help/world/deps.ts";

const GRAFANA = "https://grafana.chips.example/eda";

/** Gives the app the scope that unfurls need. */
function allow({ slack }: AppWorld) {
  const scopes = slack.rules.scopes;
  scopes.set(slack.token, [...scopes.get(slack.token)!, "links:write"]);
  scopes.set(slack.blindToken, [...scopes.get(slack.blindToken)!, "links:write"]);
}

const shownAt = (unfurled: Awaited<ReturnType<typeof share>>) =>
  unfurled.flatMap(({ unfurls }) =>
    Object.entries(unfurls).map(([url, { blocks }]) => [url, shownIn({ text: "", blocks })])
  );

Deno.test("a pasted link of a dashboard unfolds with its numbers and picture", async (t) => {
  await using world = await startAppWorld();
  allow(world);
  const { place, db } = world;
  const id = await addPosted(world, "cpu_sta", [wns("cpu")]);
  const other = await addPosted(world, "gpu_sta", [wns("gpu", { value: -0.7 })]);
  await db`
    update dashboards set source = 'grafana', grafana_base = 'http://10.0.0.7:3000',
      grafana_url = ${`${GRAFANA}/d/dk-abc-${other}/gpu-sta?orgId=1`} where id = ${other}`;
  const [file] = await db<{ slack_file_id: string }[]>`
    select slack_file_id from runs where dashboard_id = ${id}`;
  const links = {
    board: `${FRONTEND}/boards/${id}`,
    "signed board": `${FRONTEND}/boards/${id}?signature=1.abc#top`,
    page: `${FRONTEND}/dashboards/${id}`,
    "page with a slash": `${FRONTEND}/dashboards/${id}/`,
    preview: `${FRONTEND}/api/v1/dashboards/${id}/preview.gif`,
    still: `${FRONTEND}/api/v1/dashboards/${id}/preview.png?at=2026-11-30`,
    "host in capitals": `HTTP://Dashkeeper.TEST/boards/${id}`,
  };
  for (const [what, url] of Object.entries(links)) {
    await t.step(what, async () => {
      const unfurled = await share(world, [url], place);
      const [shown] = shownAt(unfurled);
      equal(shown![0], url);
      match(shown![1]!, /cpu_sta of ada \(QoR, run 1\)[^]*Setup WNS -0\.2 ns \(-0\.1 ns, worse\)/);
      equal(unfurled[0]!.channel, place.channel);
      const images = unfurled[0]!.unfurls[url]!.blocks.filter(({ type }: { type: string }) =>
        type === "image"
      );
      equal(images[0].slack_file.id, file!.slack_file_id);
    });
  }
  await t.step("Grafana, by the address of people and by ours", async () => {
    for (const base of [GRAFANA, "http://10.0.0.7:3000"]) {
      for (const rest of ["", "/gpu-sta?var-design=gpu", "/another-name"]) {
        const url = `${base}/d/dk-abc-${other}${rest}`;
        const [shown] = shownAt(await share(world, [url], place));
        equal(shown![0], url);
        match(shown![1]!, /gpu_sta[^]*-0\.7 ns/);
      }
    }
  });
  await t.step("several links in one message, some of them ours", async () => {
    const urls = [links.board, "https://example.com/boards/1", links.page];
    const unfurled = await share(world, urls, place);
    equal(unfurled.length, 1);
    same(Object.keys(unfurled[0]!.unfurls), [links.board, links.page]);
  });
  await t.step("what is no dashboard of ours", async () => {
    const urls = [
      `${FRONTEND}/boards/999`,
      `${FRONTEND}/boards/${id}x`,
      `${FRONTEND}/boards/${id}/query`,
      `${FRONTEND}/users/${id}`,
      `${FRONTEND}:81/boards/${id}`,
      `https://dashkeeper.test/boards/${id}`,
      `http://dashkeeper.test.evil.example/boards/${id}`,
      `http://dashkeeper.test@evil.example/boards/${id}`,
      `https://evil.example/d/dk-abc-${other}/gpu-sta`,
      `${GRAFANA}/d/dk-abc-${other}9/gpu-sta`,
      `https://grafana.chips.example/d/dk-abc-${other}/gpu-sta`,
      "mailto:ada@example.com",
    ];
    for (const url of urls) same(await share(world, [url], place), [], url);
  });
  await t.step("a link that is only being typed", async () => {
    same(await share(world, [links.board], { ...place, channel: "COMPOSER" }), []);
  });
  await t.step("where Slack refuses pictures, the numbers alone", async () => {
    world.slack.rules.refusesFiles = true;
    const shown = JSON.stringify(await share(world, [links.board], place));
    match(shown, /-0\.2 ns/);
    ok(!/slack_file/.test(shown));
    world.slack.rules.refusesFiles = false;
  });
  await t.step("where Slack fails for a moment, it is done again", async () => {
    world.slack.faults.push({ method: "chat.unfurl", what: "500", times: 1 });
    same(await share(world, [links.board], place), []);
    await db`update retries set due_at = now()`;
    await finishCalls(world.deps, never);
    equal(world.slack.rules.unfurled.at(-1)!.unfurls[links.board]!.blocks.length > 0, true);
    equal((await db`select from retries`).length, 0);
  });
});

Deno.test("links unfold in the channel and team of their rows, by the app that posted them", async () => {
  await using world = await startAppWorld();
  allow(world);
  const { place, slack, origin } = world;
  const eve = await world.addAccount({ username: "eve" });
  const id = await addPosted(world, "cpu_sta", [wns("cpu")]);
  await saveCredentials(world, eve, {
    SLACK_BOT_TOKEN: slack.blindToken,
    SLACK_CHANNEL_ID: slack.channel,
    SLACK_SIGNING_SECRET: "of-eves-own-app",
  });
  const own = await addPosted(world, "own_one", [wns("gpu")], { user: eve });
  const evesApp = { origin, path: `/users/${eve.id}`, secret: "of-eves-own-app" };
  const [board, evesBoard] = [`${FRONTEND}/boards/${id}`, `${FRONTEND}/dashboards/${own}`];
  const both = [board, evesBoard];
  same(await share(world, both, { ...place, channel: slack.otherChannel }), []);
  same(await share(world, both, { ...place, team: "T9" }), []);
  const keys = async (by = world.slackApp) =>
    (await share(world, both, place, by)).flatMap(({ unfurls }) => Object.keys(unfurls));
  same(await keys(), [board]);
  same(await keys(evesApp), [evesBoard]);
});

Deno.test("an app without links:write unfolds nothing and says so once", async () => {
  await using world = await startAppWorld();
  const id = await addPosted(world, "cpu_sta", [wns("cpu")]);
  for (let i = 0; i < 3; i++) {
    same(await share(world, [`${FRONTEND}/boards/${id}`], world.place), []);
  }
  const lines = world.lines.filter((line) => /links:write/.test(line));
  equal(lines.length, 1, lines.join("\n"));
  match(lines[0]!, /^WARNING Links are not unfurled/);
  equal((await world.db`select from retries`).length, 0);
});
