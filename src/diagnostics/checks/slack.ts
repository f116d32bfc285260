import { usersWith } from "../../credentials/store.ts";
import { ExternalError } from "../../errors.ts";
import { SCOPES } from "../../external/slack/slack.ts";
import { targetOf } from "../../pipeline/notify/target.ts";
import { slackOf, type SlackState } from "../probes.ts";
import {
  type Check,
  type Context,
  failed,
  failedBy,
  type Family,
  NOT_CHECKED,
  ok,
  type Result,
  warning,
} from "../check.ts";
import { faultyOf } from "./configuration.ts";

type Inspect = (context: Context, signal: AbortSignal) => Promise<SlackState | null>;

/** Token, channel and upload of one token and channel, by `inspect`; null: none is configured. */
function checksOf(label: string, inspect: Inspect, needs: string[] = []): Check[] {
  const check = (
    name: string,
    docs: string,
    read: (state: SlackState) => Result,
    needed: string[],
  ): Check => ({
    ...{ name, docs, group: "slack", finding: label, needs: [...needs, ...needed] },
    skip: (context) => name !== label && label === "Slack" && !isConfigured(context),
    async run(context, signal) {
      const faulty = faultyOf(context.diagnosis.faults, /^SLACK_(BOT_TOKEN|CHANNEL_ID|API_URL)/);
      if (faulty) {
        return warning(`${NOT_CHECKED}: ${faulty} is missing or not valid.`, `Correct ${faulty}.`);
      }
      try {
        const state = await inspect(context, signal);
        return state ? read(state) : ok(NONE);
      } catch (error) {
        return failedBy(error, TOKEN_FIX, FIXES);
      }
    },
  });
  return [
    check(label, "slack-token", token, []),
    check(`${label}: scopes`, "slack-scopes", scopes, [label]),
    check(`${label}: channel`, "slack-channel", channel, [label]),
    check(`${label}: upload`, "slack-upload", upload, [label, `${label}: scopes`]),
  ];
}

const isConfigured = ({ outside, diagnosis: { faults } }: Context) =>
  outside.slack_token !== undefined ||
  faultyOf(faults, /^SLACK_(BOT_TOKEN|CHANNEL_ID|API_URL)/) !== undefined;

const NONE = "No Slack is configured: messages are kept and shown on the dashboards' pages.";
const TOKEN_FIX =
  'Copy the "Bot User OAuth Token" (xoxb-…) from the app\'s page "OAuth & Permissions" and set SLACK_BOT_TOKEN to it.';
const FIXES: Record<string, string> = {
  channel_missing: "Save SLACK_CHANNEL_ID as the user's credential too.",
  token_missing: "Save SLACK_BOT_TOKEN as the user's credential too.",
  unreachable: "Let this machine reach slack.com by HTTPS: check its network, proxy and firewall.",
  timeout: "Let this machine reach slack.com by HTTPS: check its network, proxy and firewall.",
  connection_lost:
    "Look whether a proxy or firewall ends the connection, and run this check again.",
  unreadable: "A proxy answers in Slack's place: let this machine reach slack.com.",
  ratelimited: "Wait a minute and run this check again.",
};

function faultAt({ faults }: SlackState, part: string) {
  const fault = faults.find((fault) => fault.part === part);
  if (fault?.error.more.code !== "stopped") return fault; // by our own time limit
  return { error: new ExternalError("Slack", LATE, false, { code: "timeout" }) };
}

const LATE = "Slack did not answer in time.";

function token(state: SlackState): Result {
  const fault = faultAt(state, "token");
  return fault ? failedBy(fault.error, TOKEN_FIX, FIXES) : ok("Slack accepts the token.");
}

function scopes({ scopes, missing }: SlackState): Result {
  if (scopes === null) {
    return warning(
      "Slack does not say which scopes the token has.",
      `It needs ${SCOPES.join(", ")}.`,
    );
  }
  if (missing.length === 0) return ok(`The token has the scopes ${scopes.join(", ")}.`);
  const fix =
    'Add them under "OAuth & Permissions" and install the app again; the token stays the same.';
  return failed(`The token lacks the scopes ${missing.join(", ")}.`, fix);
}

function channel(state: SlackState): Result {
  const fault = faultAt(state, "channel");
  if (fault) {
    return failedBy(fault.error, "Invite the app to the channel: /invite @ and its name.", FIXES);
  }
  if (state.is_member === null) {
    return warning(
      "The channel cannot be looked at: the token has neither channels:read nor channels:history.",
      "Add channels:history (groups:history for a private channel).",
    );
  }
  return ok(`The app is in the channel${state.channel ? ` #${state.channel}` : ""}.`);
}

function upload(state: SlackState): Result {
  const fault = faultAt(state, "upload");
  return fault
    ? failedBy(fault.error, "Allow the app to upload GIF files.", FIXES)
    : ok("Slack takes the upload of a GIF.");
}

export const slack = checksOf("Slack", ({ probes }) => probes.slack());

/** So many users' own tokens and channels are tried. */
const MOST_USERS = 50;

/** The other channels of the default token, and users' own tokens and channels. */
export const otherSlacks: Family = {
  name: "Users' Slack",
  group: "slack",
  docs: "slack-token",
  needs: ["Database migrations"],
  async list({ db, slack: { routes }, outside }) {
    const { slack_token, slack_channel } = outside;
    const channels = new Set(routes.map(({ channel }) => channel));
    channels.delete(slack_channel ?? "");
    const routed = !slack_token
      ? []
      : [...channels].flatMap((channel) =>
        checksOf(`Slack channel ${channel}`, (_, signal) =>
          slackOf(outside, slack_token, channel).inspect(signal), ["Slack"])
      );
    const users = await usersWith(db, ["SLACK_BOT_TOKEN", "SLACK_CHANNEL_ID"], MOST_USERS);
    const own = users.flatMap(({ user_id, username }) => {
      let state: Promise<SlackState | null> | undefined;
      return checksOf(
        `Slack of ${username}`,
        (context, signal) => state ??= inspectOwn(context, user_id, signal),
      );
    });
    return [...routed, ...own];
  },
};

async function inspectOwn(context: Context, user_id: number, signal: AbortSignal) {
  const target = await targetOf(context, user_id, []);
  return target ? await target.in(target.channel).inspect(signal) : null;
}
