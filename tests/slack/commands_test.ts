import { match, ok, strictEqual as equal } from "node:assert/strict";
import { addPosted, ask, saveCredentials, shownIn, wns } from "../help/slack_app/ask.ts";
import { type AppWorld, SECRET, startAppWorld, TEAM } from "../help/slack_app/app_world.ts";
import { finishCalls } from "../../src/slack/inbox.ts";
import { never } from "../help/time.ts";
import { FRONTEND } from "../help/world/deps.ts";

const NONE = "No dashboards of this channel match.";
const imagesIn = (answer: Awaited<ReturnType<typeof ask>>) =>
  answer?.blocks?.filter(({ type }) => type === "image").map(({ slack_file }) => slack_file.id) ??
    [];
const filesOf = async ({ db }: AppWorld, id: number) => {
  const [row] = await db<{ slack_file_id: string | null }[]>`
    select slack_file_id from runs where dashboard_id = ${id} order by run desc limit 1`;
  return row!.slack_file_id;
};

Deno.test("/dashkeeper: each command shows the numbers of its channel, to the person alone", async (t) => {
  await using world = await startAppWorld();
  const { place, db, slack } = world;
  const cpu = await addPosted(world, "cpu_sta", [
    wns("cpu", { value: -0.31, change: -0.21 }),
    { ...wns("gpu_core"), value: -0.05, before: -0.07, change: 0.02, better: true },
  ]);
  const sram = await addPosted(world, "sram_sta", [
    wns("sram", { value: -0.9, before: null, change: null, better: null }),
  ]);
  const said = async (text: string) => {
    const answer = (await ask(world, text, place))!;
    equal(answer.response_type, "ephemeral");
    return { answer, shown: shownIn(answer) };
  };

  await t.step("status", async () => {
    await db`update dashboards set step = 'capture', stopped = true, last_error = 'The browser <!here> fails.'
      where id = ${sram}`;
    const { answer, shown } = await said("status");
    match(shown, /2 dashboards/);
    match(shown, /Needs attention: 1\nDone: 1/);
    match(shown, /sram_sta of ada \(QoR, run 1\): Needs attention\nThe browser <!here> fails\./);
    match(shown, new RegExp(`${FRONTEND}/dashboards/${sram}`));
    ok(!answer.text.includes("<!here>"));
    await db`update dashboards set muted_by = 'ada', stopped = false, step = 'done' where id = ${sram}`;
    match((await said(" STATUS ")).shown, /Done: 2\nMuted: 1/);
  });

  await t.step("latest", async () => {
    const { answer, shown } = await said("latest CPU");
    match(shown, /cpu_sta of ada \(QoR, run 1\)/);
    match(shown, /Setup WNS -0\.31 ns \(-0\.21 ns, worse\)/);
    match(shown, new RegExp(`${FRONTEND}/boards/${cpu}\\?signature=`));
    ok(!shown.includes("gpu_core"), "another design of the same dashboard");
    equal(imagesIn(answer)[0], await filesOf(world, cpu));
    match((await said('latest "gpu_core"')).shown, /-0\.05 ns \(\+0\.02 ns, better\)/);
    match((await said("latest cpu_sta")).shown, /gpu_core[^]*cpu/, "by its table, all designs");
    equal((await said("latest no_such")).answer.text, NONE);
    match((await said("latest")).shown, /Name a design: cpu, gpu_core, sram\./);
  });

  await t.step("latest uploads a preview that is not in Slack yet, once", async () => {
    await db`update runs set slack_file_id = null where dashboard_id = ${sram}`;
    const [first] = imagesIn((await said("latest sram")).answer);
    ok(first);
    equal(first, await filesOf(world, sram));
    equal(imagesIn((await said("latest sram")).answer)[0], first);
  });

  await t.step("worst", async () => {
    const { shown } = await said("worst");
    match(shown, /1 design got worse/);
    match(
      shown,
      /cpu, cpu_sta[^]*sram, sram_sta[^]*gpu_core, cpu_sta/,
      "worse first, then by value",
    );
  });

  await t.step("help, and what is no command", async () => {
    for (const text of ["help", "", "  ", "HELP"]) {
      match(
        (await said(text)).shown,
        /^\/dashkeeper status: .*\n\/dashkeeper latest &lt;design&gt;/,
      );
    }
    for (const text of ["drop tables", "constructor", "x".repeat(3_000)]) {
      match((await said(text)).shown, /^\/dashkeeper has no command of this name\./);
    }
  });

  await t.step("where Slack refuses the picture, the numbers alone", async () => {
    slack.rules.refusesFiles = true;
    const { answer, shown } = await said("latest cpu");
    match(shown, /Setup WNS -0\.31 ns/);
    equal(imagesIn(answer).length, 0);
    slack.rules.refusesFiles = false;
  });
});

Deno.test("/dashkeeper reaches what the app posted to the channel in which it was asked, nothing else", async (t) => {
  await using world = await startAppWorld();
  const { place, db, ada, slack, origin } = world;
  const eve = await world.addAccount({ username: "eve" });
  await addPosted(world, "shared", [wns("cpu")]);
  await saveCredentials(world, eve, {
    SLACK_BOT_TOKEN: slack.blindToken,
    SLACK_CHANNEL_ID: slack.channel,
    SLACK_SIGNING_SECRET: "of-eves-own-app",
  });
  await addPosted(world, "own_one", [wns("gpu")], { user: eve });
  const evesApp = { origin, path: `/users/${eve.id}`, secret: "of-eves-own-app" };
  const adasApp = { origin, path: `/users/${ada.id}`, secret: SECRET };
  const commands = ["status", "latest cpu", "latest gpu", "worst"];
  const nothing = async (at: typeof place, by = world.slackApp) => {
    for (const command of commands) equal((await ask(world, command, at, by))!.text, NONE);
  };
  await t.step("another channel", () => nothing({ ...place, channel: slack.otherChannel }));
  await t.step("another team with the same channel's id", () => nothing({ ...place, team: "T9" }));
  await t.step("a user's own app reaches that user's rows only", async () => {
    match(shownIn((await ask(world, "worst", place, evesApp))!), /own_one/);
    equal((await ask(world, "latest cpu", place, evesApp))!.text, NONE);
    await nothing({ ...place, channel: slack.otherChannel }, evesApp);
    await nothing({ ...place, team: "T9" }, evesApp);
  });
  await t.step("the installation's app does not reach what another app posted", async () => {
    equal((await ask(world, "latest gpu", place))!.text, NONE);
    match(shownIn((await ask(world, "status", place))!), /1 dashboard\n/);
  });
  await t.step("an app without a secret is refused", async () => {
    equal(
      await ask(world, "status", place, adasApp).catch(({ message }) => message),
      "The command was answered with 401.",
    );
  });
  await t.step("rows whose next messages go elsewhere, are removed or archived", async () => {
    await saveCredentials(world, ada, { SLACK_CHANNEL_ID: slack.otherChannel });
    await nothing(place);
    await nothing({ ...place, channel: slack.otherChannel });
    await saveCredentials(world, ada, { SLACK_CHANNEL_ID: slack.channel });
    match(shownIn((await ask(world, "latest cpu", place))!), /shared/);
    await db`update dashboards set archived_at = now() where table_name = 'shared'`;
    await nothing(place);
    await db`update dashboards set archived_at = null, deleted_at = now() where table_name = 'shared'`;
    await nothing(place);
  });
  equal(TEAM, place.team);
});

Deno.test("/dashkeeper keeps Slack's limits with hostile names and many dashboards", async () => {
  await using world = await startAppWorld();
  const { place, db, ada } = world;
  const hostile = "<!channel> & *x* `y` \u202e\u0000".replace("\u0000", "\u0007");
  await addPosted(world, "a\nb <!here>", [
    ...Array.from({ length: 60 }, (_, i) => wns(`${hostile} ${i}`)),
  ]);
  await addPosted(world, "n".repeat(63), [wns("𝕏".repeat(120)), wns(null, { unit: "<@U1>" })]);
  await db`
    insert into dashboards (user_id, kind, schema_name, table_name, content, step, designs, stopped, last_error)
    select ${ada.id}, 'qor', 'public', 'many_' || n || repeat('x', 50), '1', 'create', array['many'], true, repeat('why ', 500)
    from generate_series(1, 1100) n`;
  await db`
    insert into runs (dashboard_id, run, numbers, numbers_at, slack_channel, slack_ts, slack_team, slack_app, slack_sent_at)
    select id, 1, ${
    JSON.stringify([wns("many")])
  }::text::jsonb, now(), ${place.channel}, id || '.1', ${TEAM}, 'installation', now()
    from dashboards where table_name like 'many%'`;
  for (const text of ["status", "worst", "latest many", `latest ${hostile} 3`, "latest"]) {
    const answer = (await ask(world, text, place))!;
    ok(answer, text);
    ok(JSON.stringify(answer.blocks ?? []).length < 13_200, text);
    ok(!/<[!@#]|<http/.test(answer.text), answer.text.slice(0, 200));
  }
  match(
    shownIn((await ask(world, "worst", place))!),
    /And 990 more\. Of the 1,000 newest runs\./,
  );
  match(
    shownIn((await ask(world, "latest many", place))!),
    /And 1,097 more dashboards of this design/,
  );
  match(
    shownIn(
      (await ask(
        world,
        `latest ${
          hostile.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
        } 3`,
        place,
      ))!,
    ),
    /a b <!here> of ada/,
  );
});

Deno.test("/dashkeeper sends no more than SLACK_CONTENT allows", async () => {
  await using world = await startAppWorld();
  const { place } = world;
  await addPosted(world, "cpu_sta", [wns("cpu")]);
  world.deps.slack.content = "numbers";
  const numbers = (await ask(world, "latest cpu", place))!;
  match(shownIn(numbers), /-0\.2 ns/);
  equal(imagesIn(numbers).length, 0);
  world.deps.slack.content = "link";
  for (const text of ["status", "latest cpu", "worst"]) {
    const shown = (await ask(world, text, place))!;
    ok(!/-0\.2|ns\b/.test(shownIn(shown)), shownIn(shown));
    equal(imagesIn(shown).length, 0);
  }
});

Deno.test("/dashkeeper answers at most five times at one response_url", async () => {
  await using world = await startAppWorld();
  const { place, slack, db, deps } = world;
  slack.refusesAnswers = true;
  equal(await ask(world, "help", place), undefined);
  for (let i = 0; i < 6; i++) {
    await db`update retries set due_at = now()`;
    await finishCalls(deps, never);
  }
  const tries = slack.calls.filter(({ method }) => method.startsWith("/response")).length;
  ok(tries >= 2 && tries <= 5, `${tries} answers`);
  equal((await db`select from retries`).length, 0);
});
