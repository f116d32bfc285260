import { change, isolated, oneLine, quantity } from "../../measures/format.ts";
import type { KeyNumber } from "../../measures/number.ts";

export type Plain = { type: "plain_text"; text: string; emoji: false };
export type Image = { slack_file: { id: string } } | { image_url: string };

export type Button = {
  type: "button";
  action_id: string;
  text: Plain;
  url: string;
  style?: "primary";
};
export type Option = { text: Plain; value: string };
/** What calls this service. */
export type Control =
  | { type: "button"; action_id: string; text: Plain; value: string }
  | { type: "overflow"; action_id: string; options: Option[] };
/** For people and times alone, which Slack shows by its own names. */
export type Markup = { type: "mrkdwn"; text: string };

/** The Block Kit blocks used here. Names go into plain text, which is never read as markup. */
export type MessageBlock =
  | { type: "header"; text: Plain }
  | { type: "section"; text: Plain; accessory?: Button }
  | { type: "image"; alt_text: string } & Image
  | { type: "context"; elements: (Plain | Markup)[] }
  | { type: "actions"; elements: (Button | Control)[] };

/** What may leave the house: all, no preview, or only that there is a new run. */
export type Content = "full" | "numbers" | "link";

export const KINDS = { timing: "Timing", qor: "QoR", drc: "DRC" };

/** Slack's limits, in characters; `blocks` in blocks a message. */
export const MOST = { header: 150, field: 2_000, alt: 2_000, url: 3_000, blocks: 50 };
/** The blocks together, as JSON: Slack refuses them at about 13,200 characters. */
export const MOST_IN_ALL = 13_000;
/** Two names of 63 bytes and the text around them fit; a longer text would crowd out the rest. */
export const MOST_IN_NAME = 200;

/** "-0.12 ns (-0.07 ns, worse)". */
export function amount({ value, unit, change: by, better, sure }: KeyNumber): string {
  const size = quantity(value, unit);
  if (sure === false) return `${size} (not sure)`;
  return by === null ? size : `${size} (${change(by, better, unit)})`;
}

export function plain(text: string, most: number): Plain {
  return { type: "plain_text", text: cut(text, most), emoji: false };
}

/** On one line; "(no name)" for what shows nothing. */
export function name(text: string, most = MOST_IN_NAME): string {
  const line = cut(oneLine(text), most);
  return /[^\p{C}\p{Z}\p{M}]/u.test(line) ? isolated(line) : "(no name)";
}

export function tableOf(
  { schema_name, table_name }: { schema_name: string; table_name: string },
  most?: number,
): string {
  return name(schema_name === "public" ? table_name : `${schema_name}.${table_name}`, most);
}

/** At most `most` UTF-16 units, never half a character; what was cut ends in "…". */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  let kept = "";
  for (const character of text) {
    if (kept.length + character.length >= most) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Slack reads `<!channel>`, `<@U…>` and links in `text` even where it is not markup. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
