import { FURTHER_SCOPES, SCOPES } from "../external/slack/scopes.ts";
import { COMMAND, COMMANDS } from "./commands/help.ts";

export type Installation = {
  frontend_url: string;
  /** Where users' Grafanas are, and ours: as addresses, or as hosts ("*.example.com"). */
  grafanas: string[];
  /** Slack cannot reach `frontend_url`, or need not. */
  socket_mode: boolean;
  /** Of a user's own app; its calls come to its own addresses. */
  user_id?: number | undefined;
};

const MOST_DOMAINS = 5;

/** The Slack app as its settings import it: https://docs.slack.dev/reference/app-manifest */
export function manifestOf({ frontend_url, grafanas, socket_mode, user_id }: Installation) {
  const base = `${frontend_url}/slack${user_id === undefined ? "" : `/users/${user_id}`}`;
  const at = <Name extends string>(name: Name, path: string) =>
    (socket_mode ? {} : { [name]: `${base}/${path}` }) as { [name in Name]?: string };
  const domains = domainsOf([frontend_url, ...grafanas]).slice(0, MOST_DOMAINS);
  return {
    _metadata: { major_version: 2, minor_version: 1 },
    display_information: {
      name: "Dashkeeper",
      description: "Posts each run of your timing, QoR and DRC tables with numbers and preview.",
    },
    features: {
      bot_user: { display_name: "Dashkeeper", always_online: true },
      slash_commands: [{
        command: COMMAND,
        ...at("url", "commands"),
        description: "The dashboards of this channel",
        usage_hint: COMMANDS.map(([usage]) => usage).join(" | "),
        should_escape: false,
      }],
      ...(domains.length > 0 ? { unfurl_domains: domains } : {}),
    },
    oauth_config: { scopes: { bot: [...SCOPES, ...FURTHER_SCOPES] } },
    settings: {
      event_subscriptions: { ...at("request_url", "events"), bot_events: ["link_shared"] },
      interactivity: { is_enabled: true, ...at("request_url", "interactions") },
      org_deploy_enabled: false,
      socket_mode_enabled: socket_mode,
      token_rotation_enabled: false,
    },
  };
}

/** What Slack takes as a domain: no address, and no name of this machine or network alone. */
const DOMAIN = /^(?=.{4,255}$)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*[a-z0-9]$/;
const PRIVATE = /(?:^|\.)(?:localhost|local|internal|lan|home|test)$/;

function domainsOf(places: string[]): string[] {
  const hosts = places.map((place) => URL.canParse(place) ? new URL(place).hostname : place)
    .map((host) => host.toLowerCase().replace(/^\*\./, ""));
  return [...new Set(hosts.filter((host) => DOMAIN.test(host) && !PRIVATE.test(host)))];
}

const LOOPBACK_OR_PRIVATE =
  /^(?:127\.|10\.|0\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[)/;

/** Whether Slack may be able to reach an address: over HTTPS, at a host of the Internet. */
export function isReachable(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "https:" && hostname.includes(".") && !PRIVATE.test(hostname) &&
    !LOOPBACK_OR_PRIVATE.test(hostname);
}
