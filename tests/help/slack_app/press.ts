import type { Message } from "../slack.ts";
import { type Odd, type Sender, sendSigned } from "./sign.ts";

/** Something in a message that can be pressed: a button, or one option of a menu. */
export type Pressable = { text: string; action: Record<string, unknown> };

/** Everything in the posted blocks that can be pressed, in their order. */
export function pressables({ blocks }: Pick<Message, "blocks">): Pressable[] {
  return blocks.flatMap((block, i) => {
    const block_id = `b${i}`;
    const all = [...(block.type === "actions" ? block.elements : []), block.accessory ?? []].flat();
    return all.flatMap((one): Pressable[] => {
      const about = { type: one.type, action_id: one.action_id, block_id };
      if (one.type !== "overflow") {
        return [{ text: one.text.text, action: { ...about, text: one.text, value: one.value } }];
      }
      return one.options.map((selected_option: { text: { text: string } }) => ({
        text: selected_option.text.text,
        action: { ...about, selected_option },
      }));
    });
  });
}

export type Place = { team: string; channel: string; user: string; response_url?: string };

/** What Slack sends when a person presses it. */
export function interactionOf(
  { action }: Pressable,
  { ts }: Pick<Message, "ts">,
  { team, channel, user, response_url }: Place,
) {
  return {
    type: "block_actions",
    user: { id: user, username: "grace", name: "grace", team_id: team },
    api_app_id: "A0123456789",
    token: "deprecated",
    container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: false },
    trigger_id: `${Date.now()}.${Math.random().toString().slice(2)}.${crypto.randomUUID()}`,
    team: { id: team, domain: "chip-team" },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: channel, name: "eda-dashboards" },
    message: { type: "message", ts, text: "" },
    ...(response_url ? { response_url } : {}),
    actions: [{ ...action, action_ts: `${Date.now() / 1000}` }],
  };
}

/** As a form, the way Slack sends an interaction. */
export const asForm = (payload: unknown) =>
  new URLSearchParams({ payload: JSON.stringify(payload) }).toString();

export const sendInteraction = (sender: Sender, payload: unknown, odd?: Odd) =>
  sendSigned(sender, "interactions", asForm(payload), odd);
