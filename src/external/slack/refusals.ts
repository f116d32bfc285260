export const lackingScope = (scope: string) => lacking(`the scope ${scope}`);
export const lacking = (what: string) =>
  `The Slack app lacks ${what}. Add it under "OAuth & Permissions" and install the app again.`;

/** Names as Slack has them; a person types the sentence's end into the channel. */
export const notInChannel = (channel?: string | null, app?: string) =>
  `The app is not in ${channel ? `#${channel}` : "the channel"}. Invite it: /invite @${
    app ?? " and its name"
  }`;

const NEW_TOKEN = "Slack does not accept the bot token. Set SLACK_BOT_TOKEN to a current one.";
const NOT_ALLOWED =
  "The workspace's rules do not allow the Slack app to do this. Ask a workspace owner to allow it, or choose another channel.";
const NO_UPLOADS =
  "The workspace does not allow this upload. Ask a workspace owner to allow GIF files for the Slack app.";
const badMessage = (code: string) =>
  `Slack refused the format of the message (${code}). Please report this as a bug in Dashkeeper.`;
const BAD_MESSAGE = [
  "msg_too_long",
  "msg_blocks_too_long",
  "invalid_blocks",
  "invalid_blocks_format",
  "invalid_arguments",
  "invalid_metadata_format",
  "metadata_too_large",
  "no_text",
];

const NO_CORRECTION =
  "Slack does not allow a change of this run's message: it was deleted, is too old, or is another app's. The message on its page is corrected.";
/** The message cannot be changed, now or later. */
export const UNCHANGEABLE = ["message_not_found", "cant_update_message", "edit_window_closed"];

/** The workspace takes no such file: the message goes without it. */
export const UNUPLOADABLE = [
  "file_uploads_disabled",
  "file_type_not_allowed",
  "blocked_file_type",
  "file_upload_size_restricted",
  "storage_limit_reached",
];

/** Slack's codes that need a person; all others are retried. */
export const PERMANENT: Record<string, string> = {
  ...Object.fromEntries(BAD_MESSAGE.map((code) => [code, badMessage(code)])),
  ...Object.fromEntries(UNCHANGEABLE.map((code) => [code, NO_CORRECTION])),
  invalid_auth: NEW_TOKEN,
  not_authed: NEW_TOKEN,
  token_revoked: NEW_TOKEN,
  token_expired: NEW_TOKEN,
  account_inactive:
    "The Slack app or its workspace was removed. Install the app again and set SLACK_BOT_TOKEN to the new token.",
  not_allowed_token_type:
    "SLACK_BOT_TOKEN is not a bot token. Set it to one; it begins with xoxb-.",
  channel_not_found:
    "Slack finds no such channel, or it is private and the app is not a member. Set SLACK_CHANNEL_ID to the channel's ID (not its name) and invite the app: /invite @ and its name.",
  not_in_channel: notInChannel(),
  is_archived: "The Slack channel is archived. Unarchive it, or set SLACK_CHANNEL_ID to another.",
  restricted_action: NOT_ALLOWED,
  restricted_action_read_only_channel: NOT_ALLOWED,
  restricted_action_thread_only_channel: NOT_ALLOWED,
  posting_to_channel_denied: NOT_ALLOWED,
  no_permission: NOT_ALLOWED,
  access_denied: NOT_ALLOWED,
  accesslimited: NOT_ALLOWED,
  ekm_access_denied: NOT_ALLOWED,
  team_access_not_granted: NOT_ALLOWED,
  enterprise_is_restricted: NOT_ALLOWED,
  file_uploads_disabled: NO_UPLOADS,
  file_type_not_allowed: NO_UPLOADS,
  blocked_file_type: NO_UPLOADS,
  file_upload_size_restricted:
    "The GIF is larger than the workspace allows. Lower CAPTURE_WIDTH, CAPTURE_HEIGHT or CAPTURE_FRAMES.",
  storage_limit_reached:
    "The workspace's file storage is full. Delete files there, or ask a workspace owner for more space.",
};

/** The row goes on by itself once the token, the channel or the workspace allows it. */
export const RECOVERABLE = [
  "missing_scope",
  "post_unclear", // with the scope for it, the channel is searched
  ...Object.keys(PERMANENT).filter((code) =>
    ![...BAD_MESSAGE, ...UNCHANGEABLE, ...UNUPLOADABLE].includes(code)
  ),
];
