import { ExternalError } from "../../../errors.ts";
import { explain as explainCall, slackError } from "../errors.ts";

/** `isRefresh`: Slack asked for a new connection, and this one still works for some seconds. */
export type End = { isRefresh: boolean; error: ExternalError };

const NEW_TOKEN =
  'Slack does not accept the app token. Set SLACK_APP_TOKEN to a current one, from "Basic Information", "App-Level Tokens".';
const WRONG_TOKEN =
  'SLACK_APP_TOKEN is not an app-level token with the scope connections:write. Make one under "Basic Information", "App-Level Tokens".';
const TURNED_OFF =
  'Socket mode is turned off for the Slack app. Turn it on under "Socket Mode" in the app\'s settings.';
const GONE =
  "The Slack app or its workspace was removed. Install the app again and set SLACK_APP_TOKEN to its token.";

/** Slack's codes for the app token; these need a person. */
const PERMANENT: Record<string, string> = {
  invalid_auth: NEW_TOKEN,
  not_authed: NEW_TOKEN,
  token_revoked: NEW_TOKEN,
  token_expired: NEW_TOKEN,
  not_allowed_token_type: WRONG_TOKEN,
  missing_scope: WRONG_TOKEN,
  no_permission: WRONG_TOKEN,
  access_denied: WRONG_TOKEN,
  forbidden_team: GONE,
  account_inactive: GONE,
  team_access_not_granted: GONE,
  user_removed_from_team: GONE,
  team_disabled: GONE,
  link_disabled: TURNED_OFF,
  socket_mode_not_enabled: TURNED_OFF,
};

const PASSING: Record<string, string> = {
  lost: "The socket mode connection to Slack was lost. Check this machine's network. Retrying.",
  too_many_websockets:
    "The Slack app has its ten socket mode connections already. End other programs with its app token: each Dashkeeper process holds two. Retrying.",
};
const REFRESHES = ["warning", "refresh_requested"];

/** What the code of an error says of the app token, not of the bot token. */
export const forAppToken = (error: ExternalError): ExternalError =>
  refused(error.more.code ?? "") ?? error;

const refused = (code: string) =>
  PERMANENT[code] ? errorOf(code, PERMANENT[code], true) : undefined;
const errorOf = (code: string, message: string, permanent: boolean) =>
  new ExternalError("Slack", message, permanent, { code });

/** Why no connection could be opened. */
export function explain(error: unknown): ExternalError {
  if (error === undefined) return errorOf("lost", PASSING.lost!, false); // closed before `hello`
  return forAppToken(slackError(explainCall(error)));
}

/** How a connection ended, by the reason of Slack's `disconnect`, or "lost". */
export function endedBy(reason: string): End {
  const isRefresh = REFRESHES.includes(reason);
  const code = reason in PASSING ? reason : "lost";
  return { isRefresh, error: refused(reason) ?? errorOf(code, PASSING[code]!, false) };
}
