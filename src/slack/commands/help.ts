import { escape, plain } from "../../pipeline/notify/blocks.ts";
import type { Answer } from "../envelope.ts";

/** Each subcommand, as a person types it, and what it answers. */
export const COMMANDS = [
  ["status", "What the dashboards of this channel are doing, and which need attention"],
  ["latest <design>", "Numbers and preview of a design's newest runs"],
  ["worst", "The designs that got worse, and those with the worst numbers"],
  ["help", "This list"],
] as const;

export const COMMAND = "/dashkeeper";

/** `before`: why the list is shown. */
export function helpAnswer(before = ""): Answer {
  const lines = COMMANDS.map(([usage, what]) => `${COMMAND} ${usage}: ${what}`);
  const text = [...(before ? [before] : []), ...lines].join("\n");
  return { text: escape(text), blocks: [{ type: "section", text: plain(text, 3_000) }] };
}
