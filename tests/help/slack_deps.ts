import { importSealKey } from "../../src/credentials/seal.ts";
import type { Deps } from "../../src/pipeline/notify/notify.ts";
import type { TestSlack } from "./slack.ts";

export type More = {
  token?: string;
  channel?: string;
  slack?: Partial<Deps["slack"]>;
  outside?: Partial<Deps["outside"]>;
};

/** What a notify step needs of the configuration: a test Slack, or none. */
export function slackDeps(testSlack?: TestSlack, more: More = {}) {
  return {
    outside: {
      slack_api_url: testSlack?.apiUrl ?? "http://127.0.0.1:1/api",
      slack_token: testSlack && (more.token ?? testSlack.token),
      slack_channel: testSlack && (more.channel ?? testSlack.channel),
      ...more.outside,
    },
    slack: {
      routes: [],
      timeoutMs: 500,
      spacingMs: 0,
      broadcast: "worse" as const,
      worse_percent: 2,
      content: "full" as const,
      ...more.slack,
    },
  };
}

export const anySealKeys = async () => ({
  current: await importSealKey(crypto.getRandomValues(new Uint8Array(32))),
});
