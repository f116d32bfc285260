import { figure, oneLine } from "../../measures/format.ts";
import type { BatchTable } from "../batches_store.ts";
import {
  type Content,
  cut,
  escape,
  KINDS,
  type MessageBlock,
  MOST,
  MOST_IN_ALL,
  name,
  plain,
  tableOf,
} from "./blocks.ts";
import { chooseNumbers, type Chosen, forLine, inShort } from "./numbers.ts";
import { isWorse } from "./worse.ts";

type Input = { username: string; tables: BatchTable[]; content: Content; worse_percent: number };
type Line = BatchTable & { chosen: Chosen; is_worse: boolean };

const MOST_NUMBERS = 3;
const MOST_IN_TEXT = 5;
const MOST_IN_SECTION = 500;
const MOST_IN_WHY = 200;
const MOST_IN_OWNER = 80;

const FOOTER = "Each table's message is posted in this thread once it is ready.";

/** The message that lists the new tables of a batch, before their own messages in its thread. */
export function composeList(input: Input): { text: string; blocks: MessageBlock[] } {
  const { content } = input;
  const lines = linesOf(input);
  const title = titleOf(input.username, lines);
  const header: MessageBlock = { type: "header", text: plain(title, MOST.header) };
  const footer: MessageBlock = {
    type: "context",
    elements: [plain(FOOTER, MOST.field)],
  };
  return {
    text: escape(summaryOf(title, lines)),
    blocks: [header, ...sections(lines, content, [header, footer]), footer],
  };
}

/** Worse ones first, then stopped ones; those that are not ready come last. */
function linesOf({ tables, content, worse_percent }: Input): Line[] {
  const isLink = content === "link";
  const lines = tables.map((table) => {
    const shown = isLink ? { ...table, numbers: [], why: null, is_pending: false } : table;
    const { numbers } = shown;
    const is_worse = isWorse(numbers, worse_percent);
    return { ...shown, is_worse, chosen: chooseNumbers(numbers, worse_percent) };
  });
  const rank = ({ is_pending, is_worse, why }: Line) =>
    is_pending ? 3 : is_worse ? 0 : why === null ? 2 : 1;
  return lines.toSorted((a, b) => rank(a) - rank(b));
}

/** "12 new tables of ada, 2 worse, 1 needs attention". */
function titleOf(username: string, lines: Line[]): string {
  const worse = lines.filter(({ is_worse }) => is_worse).length;
  const stopped = lines.filter(({ why }) => why !== null).length;
  return [
    `${figure(lines.length)} new tables of ${name(username, MOST_IN_OWNER)}`,
    ...(worse > 0 ? [`${figure(worse)} worse`] : []),
    ...(stopped > 0 ? [`${figure(stopped)} ${stopped === 1 ? "needs" : "need"} attention`] : []),
  ].join(", ");
}

/** As many as there is room for, beside the blocks `others` and the line that counts the rest. */
function sections(lines: Line[], content: Content, others: MessageBlock[]): MessageBlock[] {
  const blocks: MessageBlock[] = [];
  let left = MOST_IN_ALL - 200 - JSON.stringify(others).length;
  for (const line of lines) {
    const text = content === "link" ? tableOf(line) : textOf(line);
    const block: MessageBlock = { type: "section", text: plain(text, MOST_IN_SECTION) };
    left -= JSON.stringify(block).length + 1;
    if (left < 0 || blocks.length + others.length + 1 >= MOST.blocks) break;
    blocks.push(block);
  }
  const rest = lines.length - blocks.length;
  if (rest === 0) return blocks;
  const more = `And ${figure(rest)} more ${rest === 1 ? "table" : "tables"} in the thread.`;
  return [...blocks, { type: "section", text: plain(more, MOST.field) }];
}

/** "gpu_core (QoR, 1,234 rows)", what it waits or stopped for, and its first numbers. */
function textOf(line: Line): string {
  const { rows, is_pending, why, kind } = line;
  const count = rows === null ? "" : `, ${figure(rows)} ${rows === 1 ? "row" : "rows"}`;
  return [
    `${tableOf(line)} (${KINDS[kind]}${count})`,
    is_pending ? "Not ready yet." : "",
    why === null ? "" : cut(`Needs attention: ${oneLine(why)}`, MOST_IN_WHY),
    numbersOf(line, MOST_NUMBERS),
  ].filter(Boolean).join("\n");
}

/** "3 designs worse: gcd Setup WNS -0.12 ns (-0.07 ns, worse)". */
function numbersOf({ chosen }: Line, most: number): string {
  const { several, direction } = chosen;
  const first = forLine(chosen).slice(0, most);
  const said = first.map((number) => inShort(number, several)).join(" · ");
  return several && direction ? `${direction}: ${said}` : said;
}

const stateOf = ({ is_pending, why }: Line) =>
  is_pending ? "is not ready yet" : why === null ? "" : "needs attention";

/** The list in one line, for notifications and screen readers. */
function summaryOf(title: string, lines: Line[]): string {
  const shown = lines.slice(0, MOST_IN_TEXT).map((line) =>
    [tableOf(line), stateOf(line) || numbersOf(line, 1)].filter(Boolean).join(" ")
  );
  const rest = lines.length - shown.length;
  return `${title}: ${[...shown, ...(rest > 0 ? [`${figure(rest)} more`] : [])].join("; ")}`;
}
