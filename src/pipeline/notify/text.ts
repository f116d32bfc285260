import { oneLine } from "../../measures/format.ts";

/** Two names of 63 bytes and what stands around them fit; a longer text would crowd out the rest. */
const MOST_IN_NAME = 200;
const RTL = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;

/** A name on one line, which changes the direction of nothing beside it. */
export function nameOf(text: string, most = MOST_IN_NAME): string {
  const line = cut(oneLine(text), most);
  if (!/[^\p{C}\p{Z}\p{M}]/u.test(line)) return "(no name)";
  return RTL.test(line) ? `\u2068${line}\u2069` : line;
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
