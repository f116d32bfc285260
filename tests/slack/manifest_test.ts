import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { z } from "zod";
import { FURTHER_SCOPES, SCOPES } from "../../src/external/slack/scopes.ts";
import { METHODS } from "../help/proxy/methods.ts";
import { runTask } from "../help/service/service.ts";
import { startWorld } from "../help/world/world.ts";

const text = (most: number) => z.string().min(1).max(most);
const url = z.url({ protocol: /^https$/ }).max(3_000).optional();
const domain = z.string().regex(/^(?![.-])[-a-z0-9.]+[a-z0-9]$/).max(255);
const unique = (all: string[]) => new Set(all).size === all.length;

/** The fields that Slack's settings take, with its limits; others are refused. */
const Manifest = z.strictObject({
  _metadata: z.strictObject({ major_version: z.literal(2), minor_version: z.int() }),
  display_information: z.strictObject({ name: text(35), description: text(140) }),
  features: z.strictObject({
    bot_user: z.strictObject({ display_name: text(80), always_online: z.boolean() }),
    slash_commands: z.array(z.strictObject({
      command: z.string().regex(/^\/[a-z]{1,31}$/),
      url,
      description: text(2_000),
      usage_hint: text(1_000),
      should_escape: z.boolean(),
    })).length(1),
    unfurl_domains: z.array(domain).min(1).max(5).refine(unique).optional(),
  }),
  oauth_config: z.strictObject({
    scopes: z.strictObject({ bot: z.array(text(50)).max(255).refine(unique) }),
  }),
  settings: z.strictObject({
    event_subscriptions: z.strictObject({ request_url: url, bot_events: z.array(text(50)) }),
    interactivity: z.strictObject({ is_enabled: z.literal(true), request_url: url }),
    org_deploy_enabled: z.literal(false),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.literal(false),
  }),
});

const cli = new URL("../../tasks/slack_manifest.ts", import.meta.url).pathname;

/** What the task prints. */
async function printed(env: Record<string, string>, args: string[] = []) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-all", cli, ...args],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, HOME: Deno.env.get("HOME")!, ...env },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  equal(code, 0, decode(stderr));
  return Manifest.parse(JSON.parse(decode(stdout)));
}

const urlsIn = ({ features, settings }: z.infer<typeof Manifest>) =>
  [
    features.slash_commands[0]!.url,
    settings.event_subscriptions.request_url,
    settings.interactivity.request_url,
  ].filter((url) => url !== undefined);

const PUBLIC = { FRONTEND_URL: "https://dash.example.com" };

Deno.test("deno task slack-manifest: addresses where Slack can reach us, socket mode elsewhere", async (t) => {
  const cases: [env: Record<string, string>, args: string[], socket_mode: boolean][] = [
    [PUBLIC, [], false],
    [PUBLIC, ["--socket-mode"], true],
    [PUBLIC, ["--user", "7"], false],
    [{ ...PUBLIC, SLACK_APP_TOKEN: "xapp-1" }, [], true],
    [{}, [], true],
    [{ FRONTEND_URL: "https://localhost:8443" }, [], true],
    [{ FRONTEND_URL: "https://192.168.1.5" }, [], true],
    [{ FRONTEND_URL: "https://[::1]" }, [], true],
    [{ FRONTEND_URL: "https://dash" }, [], true],
    [{ FRONTEND_URL: "https://dash.local" }, [], true],
    [{ FRONTEND_URL: "http://dash.example.com" }, [], true],
  ];
  for (const [env, args, socket_mode] of cases) {
    await t.step(JSON.stringify([env, ...args]), async () => {
      const manifest = await printed(env, args);
      equal(manifest.settings.socket_mode_enabled, socket_mode);
      const base = `${PUBLIC.FRONTEND_URL}/slack${args[0] === "--user" ? "/users/7" : ""}`;
      const paths = ["commands", "events", "interactions"].map((path) => `${base}/${path}`);
      same(urlsIn(manifest), socket_mode ? [] : paths);
    });
  }
});

Deno.test("deno task slack-manifest: the domains of all hosts that Slack takes", async () => {
  const env = {
    FRONTEND_URL: "https://dash.example.com:8443/eda",
    GRAFANA_BASE_URL: "http://10.0.0.7:3000",
    GRAFANA_API_KEY: "key",
    GRAFANA_PUBLIC_URL: "https://Grafana.example.com/",
    ALLOWED_HOSTS: "*.chips.example.org, dash.example.com, localhost",
  };
  const { features } = await printed(env);
  same(features.unfurl_domains, ["dash.example.com", "grafana.example.com", "chips.example.org"]);
  equal((await printed({})).features.unfurl_domains, undefined);
});

Deno.test("deno task slack-manifest: what it names is what the code uses", async () => {
  const manifest = await printed(PUBLIC);
  const { oauth_config: { scopes: { bot } } } = manifest;
  same(bot.sort(), [...SCOPES, ...FURTHER_SCOPES].sort());
  for (const { scope } of Object.values(METHODS)) if (scope) ok(bot.includes(scope), scope);
  await using world = await startWorld();
  for (const url of urlsIn(manifest)) {
    const { pathname } = new URL(url);
    const response = await fetch(world.origin + pathname, { method: "POST", body: "{}" });
    equal(response.status, 401, url); // unsigned; an address that is none answers 404
    await response.body?.cancel();
  }
});

Deno.test("deno task slack-manifest: a wrong call or variable is said", async () => {
  const { log, code } = await runTask("slack-manifest", ["--user", "x"], {});
  match(log, /deno task slack-manifest/);
  equal(code, 2);
  const wrong = await runTask("slack-manifest", [], { SLACK_APP_TOKEN: "xoxb-1" });
  match(wrong.log, /SLACK_APP_TOKEN must be an app-level token/);
  equal(wrong.code, 1);
});
