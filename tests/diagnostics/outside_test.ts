import { doesNotMatch, ok, strictEqual as equal } from "node:assert/strict";
import { connectBrowser } from "../../src/external/browser/browser.ts";
import { SILENT } from "../../src/external/log/log.ts";
import { diagnose } from "../../src/diagnostics/diagnose.ts";
import { provoking } from "../help/diagnosis.ts";
import { startSlack } from "../help/slack.ts";
import { slackDeps } from "../help/slack_deps.ts";
import { startWorld } from "../help/world/world.ts";

const QUICK = { eachMs: 1500 };

Deno.test("the Grafana checks say what is wrong, each provoked", async () => {
  await using world = await startWorld({ user: true, grafana: {} });
  const { grafana, deps, outside, ada } = world;
  await world.finish();
  using provoked = provoking(deps, QUICK);
  await provoked.expect("all well", "Grafana", {
    state: "ok",
    message: /Grafana 9\.4\.0-pre answers/,
  });
  await provoked.expect("all well", "Grafana key", { state: "ok", message: /Main Org\./ });
  await provoked.expect("all well", "Grafana permissions", { state: "ok", message: /all 14/ });
  const name = `Data sources of ${ada!.username}`;
  await provoked.expect("all well", name, { state: "ok", message: /qor and drc answer a query/ });

  const [source] = [...grafana.datasources.values()];
  source!.secureJsonData.password = "wrong";
  await provoked.expect("a wrong password in Grafana", name, {
    state: "failed",
    message: /^(timing|qor|drc): the database refuses the login\.$/,
    fix: /Repair/,
  });
  grafana.remove(source!.uid);
  await provoked.expect("a data source deleted", name, {
    state: "failed",
    message: /Grafana has no such data source/,
  });

  const good = outside.grafana!.key;
  outside.grafana!.key = grafana.tokens.editor;
  await provoked.expect("missing permission", "Grafana permissions", {
    state: "failed",
    message: /lacks .*datasources:create, .*datasources:write/,
    fix: /role Admin/,
  });
  outside.grafana!.key = "glsa_nobody";
  await provoked.expect("unknown key", "Grafana key", {
    state: "failed",
    message: /refuses the key/,
    fix: /GRAFANA_API_KEY/,
  });
  outside.grafana!.key = grafana.addToken("Admin");
  grafana.revoke(outside.grafana!.key);
  await provoked.expect("revoked key", "Grafana key", { state: "failed", message: /revoked/ });
  await provoked.expect("revoked key", "Grafana permissions", {
    state: "warning",
    message: /Not checked: see "Grafana key"/,
  });
  outside.grafana!.key = good;

  const health = (answer: Parameters<typeof grafana.fault>[0]["answer"]) =>
    grafana.fault({ path: /health/, times: 1, answer });
  grafana.fault({
    path: /health/,
    answer: { status: 200, body: { database: "ok", version: "8.5.27" } },
  });
  await provoked.expect("an old Grafana", "Grafana version", {
    state: "failed",
    message: /8\.5\.27/,
  });
  grafana.clearFaults();
  health({ status: 503, body: { database: "failing" } });
  await provoked.expect("Grafana's database fails", "Grafana", { state: "failed", message: /503/ });
  health({ status: 200, html: "<h1>Sign in, glsa_foreign</h1>" });
  await provoked.expect("a proxy's login page", "Grafana", {
    state: "failed",
    message: /does not answer as Grafana/,
    fix: /GRAFANA_BASE_URL/,
  });
  await grafana.stop();
  await provoked.expect("Grafana stopped", "Grafana", {
    state: "failed",
    message: /does not answer at its address/,
    fix: /systemctl status grafana-server/,
  });
  await provoked.expect("Grafana stopped", "Data sources", {
    state: "warning",
    message: /Not checked: see "Grafana"/,
  });
  await grafana.start();
  grafana.fault({ path: /health/, times: 1, answer: "hang" });
  await provoked.expect("Grafana hangs", "Grafana", {
    state: "failed",
    message: /in (time|1\.5 s)/,
  });
  delete outside.grafana;
  await provoked.expect("none configured", "Grafana", { state: "ok", message: /built-in boards/ });
  equal(await provoked.run("Grafana key"), undefined);
});

Deno.test("the Slack checks say what is wrong with each token, each provoked", async () => {
  await using slack = await startSlack();
  const { outside } = slackDeps(slack);
  await using world = await startWorld({ user: true, outside });
  const { deps, ada } = world;
  using provoked = provoking(deps, QUICK);
  const use = (token: string, channel = slack.channel) => ({
    outside: { ...deps.outside, slack_token: token, slack_channel: channel },
  });
  await provoked.expect("all well", "Slack", { state: "ok", message: /accepts the token/ });
  await provoked.expect("all well", "Slack: scopes", { state: "ok", message: /channels:history/ });
  await provoked.expect("all well", "Slack: channel", { state: "ok", message: /#eda-dashboards/ });
  await provoked.expect("all well", "Slack: upload", { state: "ok", message: /takes the upload/ });
  await provoked.expect("a revoked token", "Slack", {
    state: "failed",
    message: /does not accept the bot token/,
    fix: /SLACK_BOT_TOKEN/,
  }, use("xoxb-revoked"));
  await provoked.expect("a missing scope", "Slack: scopes", {
    state: "failed",
    message: /lacks the scopes files:write\./,
    fix: /install the app again/,
  }, use(slack.silentToken));
  await provoked.expect("no such channel", "Slack: channel", {
    state: "failed",
    message: /finds no such channel/,
    fix: /SLACK_CHANNEL_ID/,
  }, use(slack.token, "C0NOWHERE"));
  const once = (method: string, what: Parameters<typeof slack.faults.push>[0]["what"]) =>
    slack.faults.push({ method, what, times: 1 });
  once("conversations.info", { error: "missing_scope" });
  once("conversations.history", { error: "not_in_channel" });
  await provoked.expect("the app is not in the channel", "Slack: channel", {
    state: "failed",
    message: /^The app is not in the channel\.$/,
    fix: /\/invite/,
  });
  once("conversations.info", { error: "missing_scope" });
  await provoked.expect("without channels:read", "Slack: channel", {
    state: "ok",
    message: /^The app is in the channel\.$/,
  });
  once("files.getUploadURLExternal", { error: "file_uploads_disabled" });
  await provoked.expect("uploads forbidden", "Slack: upload", {
    state: "failed",
    message: /does not allow this upload/,
  });
  once("auth.test", "hang");
  await provoked.expect("Slack hangs", "Slack", { state: "failed", message: /in (time|1\.5 s)/ });
  once("auth.test", "html");
  await provoked.expect("a proxy answers", "Slack", {
    state: "failed",
    message: /proxy|not come from/,
  });
  once("auth.test", "429");
  await provoked.expect("rate limit", "Slack", {
    state: "failed",
    message: /rate limit/,
    fix: /minute/,
  });

  const path = `/users/${ada!.id}/credentials`;
  const save = (key_name: string, key_value: string) =>
    world.call("POST", path, { json: { key_name, key_value } });
  await save("SLACK_BOT_TOKEN", "xoxb-of-ada");
  await provoked.expect("a user's token without a channel", `Slack of ${ada!.username}`, {
    state: "failed",
    message: /default channel belongs to another app|Set SLACK_CHANNEL_ID/,
  });
  await save("SLACK_CHANNEL_ID", slack.channel);
  await provoked.expect("a user's revoked token", `Slack of ${ada!.username}`, {
    state: "failed",
    message: /does not accept the bot token/,
  });
  const routed = { slack: { routes: [{ pattern: "gpu_*", channel: "C0ELSE" }] } };
  await provoked.expect("a route's channel", "Slack channel C0ELSE: channel", {
    state: "failed",
    message: /finds no such channel/,
  }, routed);
});

Deno.test("the browser checks say what is wrong, each provoked; a real one takes a picture", async () => {
  await using world = await startWorld();
  const open = (options: { path?: string; url?: string }) =>
    connectBrowser({ ...options, install: false, log: SILENT });
  const real = open({});
  const wrong = open({ path: "/no/such/chromium" });
  const broken = open({ path: "/bin/false" });
  const away = open({ url: "http://127.0.0.1:1" });
  using provoked = provoking(world.deps);
  try {
    await provoked.expect("all well", "Browser", { state: "ok", message: /Its version is \d+/ }, {
      browser: real,
    });
    const here = { browser: real, diagnosis: { ...world.deps.diagnosis, base_url: world.origin } };
    await provoked.expect(
      "all well",
      "Browser picture",
      { state: "ok", message: /\d{3} bytes/ },
      here,
    );
    await provoked.expect("all well", "Browser reaches the service", {
      state: "ok",
      message: /opens http/,
    }, here);
    await provoked.expect("BROWSER_PATH wrong", "Browser", {
      state: "failed",
      message: /BROWSER_PATH is \/no\/such\/chromium/,
      fix: /Set BROWSER_PATH/,
    }, { browser: wrong });
    await provoked.expect("BROWSER_PATH is no browser", "Browser", {
      state: "failed",
      message: /\/bin\/false could not be started/,
      fix: /by hand/,
    }, { browser: broken });
    await provoked.expect("BROWSER_URL away", "Browser", {
      state: "failed",
      message: /No browser answers at BROWSER_URL/,
      fix: /BROWSER_URL/,
    }, { browser: away });
    const elsewhere = { ...here.diagnosis, base_url: "http://127.0.0.1:1" };
    await provoked.expect("CAPTURE_BASE_URL wrong", "Browser reaches the service", {
      state: "warning",
      message: /127\.0\.0\.1:1 could not be opened/,
      fix: /CAPTURE_BASE_URL/,
    }, { browser: real, diagnosis: elsewhere });
  } finally {
    for (const one of [real, wrong, broken, away]) await one.close();
  }
});

Deno.test("diagnose() answers without a secret, whatever foreign systems say", async () => {
  await using slack = await startSlack();
  const { outside } = slackDeps(slack);
  await using world = await startWorld({ user: true, grafana: {}, outside });
  await world.finish();
  const { grafana, deps } = world;
  const secrets = [
    ...[slack.token, "glsa_foreign", "xoxb-foreign", "pw-foreign", deps.db.address.password],
    ...[deps.outside.grafana!.key, deps.outside.grafana!.capture_key!, world.admin],
  ];
  const body = { message: "glsa_foreign password=pw-foreign xoxb-foreign" };
  for (const status of [200, 400, 404, 418, 500]) {
    grafana.clearFaults();
    grafana.fault({ path: /./, answer: { status, body } });
    for (const method of ["auth.test", "conversations.info", "files.getUploadURLExternal"]) {
      slack.faults.push({ method, what: status === 500 ? "500" : "html", times: 1 });
    }
    const text = JSON.stringify(await diagnose(deps, QUICK));
    for (const secret of secrets) ok(!text.includes(secret), `${status}: ${secret} in ${text}`);
    doesNotMatch(text, /foreign/);
  }
  grafana.clearFaults();
  grafana.fault({
    path: /ds.query/,
    answer: { status: 400, body: { results: { A: { error: "pq: pw-foreign" } } } },
  });
  const { checks } = await diagnose(deps, QUICK);
  doesNotMatch(JSON.stringify(checks), /foreign/);
  const failed = checks.filter(({ state }) => state === "failed").map(({ name }) => name);
  ok(failed.some((name) => name.startsWith("Data sources of")), failed.join(", "));
});
