import type { RunState } from "../mute_store.ts";
import { type Control, cut, escape, type MessageBlock, type Option, plain } from "./blocks.ts";

/** The actions of a message's buttons; their values begin with `<dashboard id>.<run>`. */
export const ACTIONS = { capture: "take_preview", acknowledge: "acknowledge", mute: "mute" };

export type Message = { text: string; blocks: MessageBlock[] };
export type Controls = { id: number; run: number; has_preview: boolean; is_worse: boolean };

const MUTES = {
  day: "Mute for a day",
  week: "Mute for a week",
  good: "Mute for good",
  none: "Unmute",
};
export type Mute = keyof typeof MUTES;

/** `of`: what a button's value says; `mute`: the chosen option. */
export type Pressed = { id: number; run: number; mute: Mute | undefined };

/** Undefined: it is no value of ours. */
export function readValue(value: string): Pressed | undefined {
  const [, id, run, mute] = /^([1-9]\d{0,14})\.([1-9]\d{0,8})(?: (\w+))?$/.exec(value) ?? [];
  if (!id || !run || mute && !Object.hasOwn(MUTES, mute)) return undefined;
  return { id: Number(id), run: Number(run), mute: mute as Mute | undefined };
}

/** A run's buttons, which call this service. */
export function controlsOf({ id, run, has_preview, is_worse }: Controls): Control[] {
  const value = `${id}.${run}`;
  const button = (action_id: string, text: string): Control => ({
    type: "button",
    action_id,
    text: plain(text, 75),
    value,
  });
  return [
    ...(has_preview ? [button(ACTIONS.capture, "Take new preview")] : []),
    ...(is_worse ? [button(ACTIONS.acknowledge, "Acknowledge")] : []),
    {
      type: "overflow",
      action_id: ACTIONS.mute,
      options: Object.entries(MUTES).map(([mute, text]): Option => ({
        text: plain(text, 75),
        value: `${value} ${mute}`,
      })),
    },
  ];
}

const MOST_IN_LINE = 300;

/** The message with the run's state: who did what and when. An acknowledged run has no such button. */
export function restate({ text, blocks }: Message, state: RunState): Message {
  const others = blocks.filter((block) => !isHistory(block)).map((block) =>
    block.type === "actions" && state.acknowledged_by
      ? {
        ...block,
        elements: block.elements.filter((one) => one.action_id !== ACTIONS.acknowledge),
      }
      : block
  );
  const lines = linesOf(state);
  if (lines.length === 0) return { text, blocks: others };
  const elements = lines.map((text) => ({
    type: "mrkdwn" as const,
    text: cut(text, MOST_IN_LINE),
  }));
  const at = others.findIndex(({ type }) => type === "actions");
  const place = at < 0 ? others.length : at;
  return { text, blocks: others.toSpliced(place, 0, { type: "context", elements }) };
}

/** The only block with markup. */
const isHistory = (block: MessageBlock) =>
  block.type === "context" && block.elements.every(({ type }) => type === "mrkdwn");

function linesOf(state: RunState): string[] {
  const { muted_by, muted_until, mute_changed_by, mute_changed_at } = state;
  const { acknowledged_by, acknowledged_at, recaptured_by, recaptured_at } = state;
  const muted = muted_by === null
    ? "Unmuted"
    : muted_until
    ? `Muted until ${date(muted_until)}`
    : "Muted for good";
  return [
    done("Acknowledged", acknowledged_by, acknowledged_at),
    done(muted, mute_changed_by, mute_changed_at),
    done("New preview taken", recaptured_by, recaptured_at),
  ].filter(Boolean);
}

const done = (what: string, by: string | null, at: string | null) =>
  by && at ? `${what} by ${person(by)}, ${date(at)}.` : "";

/** Slack shows its own user by name. */
function person(actor: string): string {
  const [, user] = /^slack:\w+\/(\w+)$/.exec(actor) ?? [];
  return user ? `<@${user}>` : escape(actor);
}

/** In the reader's time zone; in UTC where Slack cannot show that. */
function date(at: string): string {
  const seconds = Math.floor(Date.parse(at) / 1000);
  const utc = `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return `<!date^${seconds}^{date_short_pretty} {time}|${utc}>`;
}
