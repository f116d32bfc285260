/** Prints the Slack app's manifest: `deno task slack-manifest [--socket-mode | --user <id>]`. */
import { parseArgs } from "node:util";
import { readValidConfig } from "../src/config.ts";
import { isReachable, manifestOf } from "../src/slack/manifest.ts";

const USAGE = "Say `deno task slack-manifest`, with `--socket-mode` or `--user <id>` behind it.";

function argumentsOf(): { socket_mode: boolean; user_id?: number | undefined } {
  try {
    const options = { "socket-mode": { type: "boolean" }, user: { type: "string" } } as const;
    const { values: { "socket-mode": socket_mode = false, user } } = parseArgs({
      args: Deno.args,
      options,
    });
    if (user === undefined) return { socket_mode };
    if (/^[1-9]\d{0,14}$/.test(user) && !socket_mode) {
      return { socket_mode, user_id: Number(user) };
    }
  } catch { /* as below */ }
  console.error(USAGE);
  Deno.exit(2);
}

const { socket_mode, user_id } = argumentsOf();
const { config, faults } = readValidConfig();
const faulty = faults.filter((fault) =>
  /^(?:FRONTEND_URL|SLACK_APP_TOKEN|GRAFANA_(?:BASE|PUBLIC)_URL) must be (?!set, because)/.test(
    fault,
  )
);
if (faulty.length > 0) {
  console.error(`The environment is not right:\n${faulty.map((fault) => `  ${fault}`).join("\n")}`);
  Deno.exit(1);
}
const {
  FRONTEND_URL: frontend_url,
  GRAFANA_PUBLIC_URL,
  GRAFANA_BASE_URL,
  SLACK_APP_TOKEN,
  ALLOWED_HOSTS,
} = config;
const grafanas = [GRAFANA_PUBLIC_URL, GRAFANA_BASE_URL].filter((url) => url !== undefined);
const by_socket = user_id === undefined &&
  (socket_mode || SLACK_APP_TOKEN !== undefined || !isReachable(frontend_url));
const manifest = manifestOf({
  frontend_url,
  grafanas: [...grafanas, ...ALLOWED_HOSTS],
  socket_mode: by_socket,
  user_id,
});
console.log(JSON.stringify(manifest, null, 2));
console.error(
  by_socket
    ? "Paste it at https://api.slack.com/apps, then make an app-level token (connections:write) for SLACK_APP_TOKEN."
    : "Paste it at https://api.slack.com/apps; then set SLACK_SIGNING_SECRET from Basic Information.",
);
