import { type MessageBlock, MOST, MOST_IN_ALL, plain } from "../../pipeline/notify/blocks.ts";

/** A section, with a button to its dashboard where `url` is one that Slack takes. */
export function openable(text: string, url: string, most = 500): MessageBlock {
  const shown = { type: "section", text: plain(text, most) } as const;
  if (url.length > MOST.url || !/^https?:\/\//.test(url)) return shown;
  const action_id = "open_dashboard";
  return { ...shown, accessory: { type: "button", action_id, text: plain("Open", 75), url } };
}

export const note = (text: string): MessageBlock => ({
  type: "context",
  elements: [plain(text, MOST.field)],
});

/** The blocks of as many parts as there is room for, and how many parts are left out. */
export function fit(
  first: MessageBlock[],
  parts: MessageBlock[][],
): { blocks: MessageBlock[]; left: number } {
  const blocks = [...first];
  let left = MOST_IN_ALL - 300 - JSON.stringify(blocks).length;
  for (const [i, part] of parts.entries()) {
    left -= JSON.stringify(part).length + 1;
    if (left < 0 || blocks.length + part.length + 1 > MOST.blocks) {
      return { blocks, left: parts.length - i };
    }
    blocks.push(...part);
  }
  return { blocks, left: 0 };
}

/** The same without its images; undefined: it has none. */
export function withoutImages<A extends { blocks?: { type: string }[] }>(answer: A): A | undefined {
  const blocks = answer.blocks?.filter(({ type }) => type !== "image");
  return blocks && blocks.length < answer.blocks!.length ? { ...answer, blocks } : undefined;
}
