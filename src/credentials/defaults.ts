import type { Outside } from "./hosts.ts";

/** A name without a credential of the user's own; `applies`: the installation's value is used. */
export type Default = { key_name: string; applies: boolean };

/** The installation's values for the credentials of Slack and Grafana that a user does not have. */
export function defaultsFor(outside: Outside, own: string[]): Default[] {
  const { grafana, slack_token, slack_channel } = outside;
  const all: Record<string, boolean> = {
    SLACK_BOT_TOKEN: slack_token !== undefined,
    // A token of one's own posts to a channel of one's own.
    SLACK_CHANNEL_ID: slack_channel !== undefined && !own.includes("SLACK_BOT_TOKEN"),
    GRAFANA_BASE_URL: grafana !== undefined,
    GRAFANA_API_KEY: grafana !== undefined && !own.includes("GRAFANA_BASE_URL"),
  };
  return Object.entries(all).filter(([key_name]) => !own.includes(key_name))
    .map(([key_name, applies]) => ({ key_name, applies }));
}
