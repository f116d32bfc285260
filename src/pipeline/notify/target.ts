import type { Outside } from "../../credentials/hosts.ts";
import { type Deps as CredentialDeps, valueOf } from "../../credentials/credentials.ts";
import type { KeyNumber } from "../../measures/number.ts";
import { ExternalError } from "../../errors.ts";
import type { Db } from "../../external/postgres/postgres.ts";
import { connectSlack, type Slack } from "../../external/slack/slack.ts";

import { findTeam, saveTeam } from "../messages_store.ts";

/** A pattern on a design's or table's name ("gpu_*"), and the channel of those that match. */
export type Route = { pattern: string; channel: string };
export type Deps = CredentialDeps & {
  outside: Pick<
    Outside,
    "slack_api_url" | "slack_token" | "slack_channel" | "slack_signing_secret" | "slack_app_token"
  >;
  slack: { routes: Route[]; timeoutMs?: number | undefined; spacingMs?: number | undefined };
};

/** Whose Slack app it is: the installation's, or a user's own one. */
export type SlackApp = "installation" | "user";

/** Where a run is posted, and with whose token. The hashes identify the token, and both. */
export type Target = {
  channel: string;
  token_hash: string;
  target_hash: string;
  app: SlackApp;
  /** Whether that app can call: then its messages have buttons. */
  is_interactive: boolean;
  /** Between two posts in one channel. */
  spacingMs?: number | undefined;
  in(channel: string): Slack;
};

const refused = (code: string, message: string) =>
  new ExternalError("Slack", message, true, { code });
const NO_CHANNEL = "Set SLACK_CHANNEL_ID as well: the default channel belongs to another app.";
const NO_TOKEN = "Set SLACK_BOT_TOKEN as well: there is no default token for this channel.";

/** The names that routes are for: the table's, and those of its designs. */
export function namesOf(
  { table_name, numbers }: { table_name: string; numbers: Pick<KeyNumber, "group">[] },
): string[] {
  // Of "gcd sky130hd base": the design, and all of it.
  const designs = numbers.flatMap(({ group }) => group ? [group, group.split(" ")[0]!] : []);
  return [table_name, ...designs];
}

/** The channel by the names of a run, for one user. */
export async function channelsOf(deps: Deps, user_id: number) {
  return (await loginOf(deps, user_id)).channelOf;
}

async function loginOf({ outside, slack, ...deps }: Deps, user_id: number) {
  const own = {
    token: await valueOf(deps, user_id, "SLACK_BOT_TOKEN"),
    channel: await valueOf(deps, user_id, "SLACK_CHANNEL_ID"),
  };
  return {
    own,
    token: own.token ?? outside.slack_token,
    app: appOf(outside, own.token),
    has_secret: await valueOf(deps, user_id, "SLACK_SIGNING_SECRET") !== undefined,
    channelOf: (names: string[]) =>
      own.channel ?? routeOf(slack.routes, names) ?? outside.slack_channel,
  };
}

const appOf = ({ slack_token }: Deps["outside"], own: string | undefined): SlackApp =>
  own === undefined || own === slack_token ? "installation" : "user";

const isInteractive = ({ outside }: Deps, app: SlackApp, has_secret: boolean) =>
  app === "user" ? has_secret : Boolean(outside.slack_signing_secret ?? outside.slack_app_token);

/**
 * The user's own token and channel, else the channel of the first route that matches one of `names`, else
 * the default one. Undefined: there is no Slack for the user. Throws ExternalError where one is missing.
 */
export async function targetOf(
  deps: Deps,
  user_id: number,
  names: string[],
): Promise<Target | undefined> {
  return await (await targetsOf(deps, user_id))(names);
}

/** As targetOf(), for many tables of one user. */
export async function targetsOf(deps: Deps, user_id: number) {
  const login = await loginOf(deps, user_id);
  return (names: string[]) => targetFor(deps, login, names);
}

async function targetFor(
  deps: Deps,
  { own, token, app, has_secret, channelOf }: Awaited<ReturnType<typeof loginOf>>,
  names: string[],
): Promise<Target | undefined> {
  const { outside, slack } = deps;
  if (own.token && !own.channel) throw refused("channel_missing", NO_CHANNEL);
  const channel = channelOf(names);
  if (own.channel && !token) throw refused("token_missing", NO_TOKEN);
  if (!token || !channel) return undefined;
  const apiUrl = outside.slack_api_url;
  const time = slack.timeoutMs === undefined ? {} : { timeoutMs: slack.timeoutMs };
  return {
    channel,
    token_hash: await hash(token),
    target_hash: await hash(`${token} ${channel}`),
    app,
    is_interactive: isInteractive(deps, app, has_secret),
    spacingMs: slack.spacingMs,
    in: (channel) => connectSlack({ token, channel, apiUrl, ...time }),
  };
}

function routeOf(routes: Route[], names: string[]): string | undefined {
  return routes.find(({ pattern }) => names.some((name) => matches(pattern, name)))?.channel;
}

/** "*" matches any characters. */
function matches(pattern: string, name: string): boolean {
  return new RegExp(`^${pattern.split("*").map(RegExp.escape).join(".*")}$`, "s").test(name);
}

/** The workspace of the target's token, which Slack is asked for once. Throws ExternalError. */
export async function teamOf(
  db: Db,
  { token_hash, channel, in: connect }: Target,
  signal: AbortSignal,
): Promise<string | null> {
  const known = await findTeam(db, token_hash);
  if (known) return known;
  const { team_id } = await connect(channel).checkToken(signal);
  if (team_id) await saveTeam(db, token_hash, team_id);
  return team_id ?? null;
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex().slice(0, 32);
}
