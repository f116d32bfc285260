import { checkAppToken } from "../../external/slack/socket/check.ts";
import type { SocketState } from "../../external/slack/socket/sockets.ts";
import { type Check, failedBy, NOT_CHECKED, ok, type Result, warning } from "../check.ts";
import { faultyOf } from "./configuration.ts";

const VARIABLES = /^SLACK_(APP_TOKEN|API_URL)/;
const FIX = "Let this machine reach slack.com by HTTPS: check its network, proxy and firewall.";

/** In the service, its connections; elsewhere, whether Slack accepts the app token. */
export const socketMode: Check = {
  name: "Slack: socket mode",
  group: "slack",
  docs: "slack-socket-mode",
  skip: ({ outside, diagnosis: { faults } }) =>
    outside.slack_app_token === undefined && faultyOf(faults, /^SLACK_APP_TOKEN/) === undefined,
  async run({ outside, socket_mode, diagnosis: { faults } }, signal) {
    const faulty = faultyOf(faults, VARIABLES);
    if (faulty) return warning(`${NOT_CHECKED}: ${faulty} is not valid.`, `Correct ${faulty}.`);
    if (socket_mode) return resultOf(socket_mode());
    const { slack_app_token: app_token, slack_api_url: apiUrl } = outside;
    try {
      await checkAppToken({ app_token: app_token!, apiUrl, timeoutMs: 9_000 }, signal);
      return ok("Slack accepts the app token.");
    } catch (error) {
      return failedBy(error, FIX);
    }
  },
};

function resultOf({ wanted, connected, problem }: SocketState): Result {
  if (connected === wanted) return ok(`${connected} connections to Slack are open.`);
  if (problem && connected === 0) return failedBy(problem, FIX);
  const why = problem ? ` ${problem.message}` : "";
  return warning(
    `${connected} of ${wanted} connections to Slack are open.${why}`,
    "Wait a minute and run this check again.",
  );
}
