const SLACK_TOKEN = "the Slack token is not accepted";
const NOT_ALLOWED = "the Slack workspace does not allow it";
const GRAFANA_KEY = "Grafana does not accept the key or what it may do";
const BAD_MESSAGE = "Slack refused the format of a message";
const NO_UPLOAD = "the Slack workspace takes no such file";

const each = (codes: string[], text: string) =>
  Object.fromEntries(codes.map((code) => [code, text]));

/** What the codes of stopped rows mean. */
export const NAMES: Record<string, string> = {
  ...each(["key_refused", "key_unknown", "denied", "missing_permission"], GRAFANA_KEY),
  ...each(
    ["invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"],
    SLACK_TOKEN,
  ),
  ...each(["not_allowed_token_type", "token_missing"], SLACK_TOKEN),
  ...each(["restricted_action", "posting_to_channel_denied", "no_permission"], NOT_ALLOWED),
  ...each(["access_denied", "accesslimited", "team_access_not_granted"], NOT_ALLOWED),
  ...each(["invalid_blocks", "msg_too_long", "msg_blocks_too_long", "no_text"], BAD_MESSAGE),
  ...each(["file_uploads_disabled", "file_type_not_allowed", "storage_limit_reached"], NO_UPLOAD),
  gone: "the dashboard was deleted in Grafana",
  crashed: "the worker crashed ten times",
  browser_path: "BROWSER_PATH is no browser",
  missing_scope: "the Slack app lacks a scope",
  channel_not_found: "Slack finds no such channel",
  not_in_channel: "the Slack app is not in the channel",
  is_archived: "the Slack channel is archived",
  channel_missing: "a token is set without its channel",
  post_unclear: "an answer of Slack was lost, and the channel cannot be searched",
  error: "panels of the dashboard show an error",
  timeout: "the dashboard was not drawn in time",
};

const BY_ITSELF = "the rows go on by themselves.";
const FIXES: Record<string, string> = {
  [GRAFANA_KEY]:
    `Save a valid GRAFANA_API_KEY (see the checks "Grafana key" and "Grafana permissions"); ${BY_ITSELF}`,
  [SLACK_TOKEN]:
    `Set SLACK_BOT_TOKEN, or the user's own credential, to a current bot token; ${BY_ITSELF}`,
  [NOT_ALLOWED]:
    `Ask a workspace owner to allow the app to post there, or choose another channel; ${BY_ITSELF}`,
  gone: 'Press "Rewrite" on the row\'s page to make it anew, or delete the row.',
  crashed: "Find the table's name in the log, then press \"Retry\" on the row's page.",
  browser_path: "Set BROWSER_PATH to a Chrome or Chromium, or unset it, and restart the service.",
  missing_scope:
    `Add the scope under "OAuth & Permissions" and install the app again; ${BY_ITSELF}`,
  channel_not_found: `Set SLACK_CHANNEL_ID to the channel's ID and invite the app; ${BY_ITSELF}`,
  not_in_channel: `Invite the app: /invite @ and its name; ${BY_ITSELF}`,
  is_archived: `Unarchive the channel, or set SLACK_CHANNEL_ID to another one; ${BY_ITSELF}`,
  channel_missing: `Save SLACK_CHANNEL_ID as well; ${BY_ITSELF}`,
  post_unclear:
    'Look into the channel, then press "It is in the channel" or "Post" on the row\'s page.',
  error: 'Open the dashboard, correct the panels or the template, then press "Retry".',
  timeout: 'Make the queries faster or raise CAPTURE_TIMEOUT, then press "Retry".',
};

/** What a person does about rows that stopped with this code. */
export function fixOf(code: string | null): string {
  const named = code && (FIXES[code] ?? FIXES[NAMES[code] ?? ""]);
  return named || 'Do what the last error says, then press "Retry" on the row\'s page.';
}
