import type { KeyNumber } from "../../../src/measures/number.ts";
import { saveNumbers } from "../../../src/pipeline/numbers_store.ts";
import type { Answer } from "../slack.ts";
import { addDashboard } from "../world/rows.ts";
import type { AppWorld } from "./app_world.ts";
import type { Place } from "./press.ts";
import { type Sender, sendSigned } from "./sign.ts";

/** The fields of a slash command, as Slack sends them. */
export function commandOf(text: string, { team, channel, user, response_url = "" }: Place) {
  return {
    token: "deprecated",
    ...{ team_id: team, team_domain: "chip-team", channel_id: channel, channel_name: "eda" },
    ...{ user_id: user, user_name: "grace", command: "/dashkeeper", text },
    ...{ api_app_id: "A0123456789", is_enterprise_install: "false", response_url },
    trigger_id: crypto.randomUUID(),
  };
}

/** What the Events API sends when a person posts links. */
export function linksOf(urls: string[], { team, channel, user }: Place) {
  return {
    ...{ token: "deprecated", team_id: team, api_app_id: "A0123456789" },
    event: {
      ...{ type: "link_shared", channel, is_bot_user_member: true, user },
      ...{ message_ts: "1700000000.000100", unfurl_id: "C1.1.1", source: "conversations_history" },
      links: urls.map((url) => ({ url, domain: new URL(url).hostname })),
    },
    ...{ type: "event_callback", event_id: `Ev${crypto.randomUUID()}`, event_time: 1_700_000_000 },
  };
}

/** A person types the command; what it answered, which was seen by that person alone. */
export async function ask(
  { slack, slackApp, inbox }: AppWorld,
  text: string,
  place: Place,
  by: Sender = slackApp,
): Promise<Answer | undefined> {
  const response_url = `${slack.responseUrl}/${crypto.randomUUID()}`;
  const fields = commandOf(text, { ...place, response_url });
  const { status } = await sendSigned(by, "commands", new URLSearchParams(fields).toString());
  if (status !== 200) throw new Error(`The command was answered with ${status}.`);
  await inbox.idle();
  return answerAt({ slack }, response_url);
}

export function answerAt({ slack }: Pick<AppWorld, "slack">, response_url: string) {
  const found = slack.answers.filter(({ to }) => new URL(response_url).pathname === to);
  if (found.length > 1) throw new Error(`The command was answered ${found.length} times.`);
  return found[0];
}

/** Links are posted; what was put under each of them. */
export async function share(
  { slack, slackApp, inbox }: AppWorld,
  urls: string[],
  place: Place,
  by: Sender = slackApp,
) {
  const before = slack.rules.unfurled.length;
  const { status } = await sendSigned(by, "events", JSON.stringify(linksOf(urls, place)));
  if (status !== 200) throw new Error(`The event was answered with ${status}.`);
  await inbox.idle();
  return slack.rules.unfurled.slice(before);
}

/** "Setup WNS -0.2 ns (-0.1 ns, worse)" of a design, unless `more` says otherwise. */
export const wns = (group: string | null, more: Partial<KeyNumber> = {}): KeyNumber => ({
  ...{ name: "setup_wns", group, value: -0.2, unit: "ns" },
  ...{ before: -0.1, change: -0.1, better: false },
  ...more,
});

/** A dashboard with numbers whose run is posted to its channel. */
export async function addPosted(
  world: AppWorld,
  table_name: string,
  numbers: KeyNumber[],
  { user = world.ada as { id: number }, gif = true } = {},
): Promise<number> {
  const { db } = world;
  const bytes = new TextEncoder().encode(`GIF89a, ${table_name}`);
  const row = { table_name, step: "notify" as const, ...(gif ? { gif: bytes } : {}) };
  const id = await addDashboard(db, user.id, row);
  await saveNumbers(db, { id, run: 1 }, { numbers, why: null, run_names: {}, runs: [] });
  await db`update dashboards set board = '{}' where id = ${id}`;
  await world.drain();
  return id;
}

/** All that an answer shows. */
export function shownIn({ text, blocks = [] }: Pick<Answer, "text" | "blocks">): string {
  const texts = blocks.flatMap(({ text, elements = [], accessory }) =>
    [text?.text, ...elements.map(({ text }: { text: string }) => text), accessory?.url]
      .filter(Boolean)
  );
  return [text, ...texts].join("\n");
}

/** A user's own values in place of the installation's. */
export async function saveCredentials(
  { call }: AppWorld,
  { id }: { id: number },
  values: Record<string, string>,
): Promise<void> {
  for (const [key_name, key_value] of Object.entries(values)) {
    const path = `/users/${id}/credentials`;
    const { status } = await call("POST", path, { json: { key_name, key_value } });
    if (status === 409) await call("PUT", `${path}/${key_name}`, { json: { key_value } });
  }
}
