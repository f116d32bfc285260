/** A part of a document; a line is its text with `code` between backquotes. */
export type Block =
  | { type: "heading"; level: number; text: string; id: string }
  | { type: "code"; text: string }
  | { type: "list"; items: string[] }
  | { type: "table"; rows: string[][] }
  | { type: "text"; text: string };

/** As GitHub makes it: lower case, blanks as hyphens, nothing but letters, digits and hyphens. */
export const slugOf = (heading: string) =>
  heading.toLowerCase().replace(/[^a-z0-9 -]/g, "").trim().replaceAll(" ", "-");

/** Reads the part of Markdown that our documents use: headings, fenced code, lists, tables, paragraphs. */
export function readMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  const parts = text.split(/^```\w*\n([\s\S]*?)^```$/m); // every second one is code
  parts.forEach((part, i) => {
    if (i % 2 === 1) return blocks.push({ type: "code", text: part });
    for (const block of part.split(/\n{2,}/)) {
      if (block.trim() !== "") blocks.push(readBlock(block.trim()));
    }
  });
  return blocks;
}

function readBlock(text: string): Block {
  const [, marks, heading] = /^(#{1,6}) (.+)$/.exec(text) ?? [];
  if (marks && heading) {
    return { type: "heading", level: marks.length, text: heading, id: slugOf(heading) };
  }
  if (text.startsWith("- ")) {
    return { type: "list", items: text.slice(2).split(/\n- /).map(oneLine) };
  }
  if (text.startsWith("|")) {
    const lines = text.split("\n").filter((line) => !/^\|[\s|:-]+\|$/.test(line));
    return { type: "table", rows: lines.map(cellsOf) };
  }
  return { type: "text", text: oneLine(text) };
}

const oneLine = (text: string) => text.replace(/\s*\n\s*/g, " ");

const cellsOf = (line: string) =>
  line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
