import { figure, oneLine } from "../../measures/format.ts";
import { headline, type KeyNumber, LABELS } from "../../measures/number.ts";
import type { BatchTable } from "../batches_store.ts";
import {
  amount,
  type Content,
  escape,
  KINDS,
  type MessageBlock,
  MOST,
  MOST_IN_ALL,
  name,
  plain,
  tableOf,
} from "./blocks.ts";

type Input = { username: string; tables: BatchTable[]; content: Content };

const MOST_NUMBERS = 3;
const MOST_IN_TEXT = 5;
const MOST_IN_SECTION = 600;

/** The message that lists the new tables of a batch, before their own messages in its thread. */
export function composeList(input: Input): { text: string; blocks: MessageBlock[] } {
  const { content } = input;
  const tables = inOrder(input.tables, content);
  const title = `${figure(tables.length)} new tables of ${name(input.username)}`;
  const header: MessageBlock = { type: "header", text: plain(title, MOST.header) };
  const footer: MessageBlock = {
    type: "context",
    elements: [plain(footerOf(tables), MOST.field)],
  };
  return {
    text: escape(summaryOf(title, tables, content)),
    blocks: [header, ...sections(tables, content, [header, footer]), footer],
  };
}

const isWorse = ({ numbers }: BatchTable) => headline(numbers)?.better === false;

/** Worse ones first, then stopped ones; those that are not ready come last. */
function inOrder(tables: BatchTable[], content: Content): BatchTable[] {
  if (content === "link") return tables;
  const rank = (table: BatchTable) =>
    table.is_pending ? 3 : isWorse(table) ? 0 : table.why === null ? 2 : 1;
  return tables.toSorted((a, b) => rank(a) - rank(b));
}

/** As many as there is room for, beside the blocks `others` and the line that counts the rest. */
function sections(
  tables: BatchTable[],
  content: Content,
  others: MessageBlock[],
): MessageBlock[] {
  const blocks: MessageBlock[] = [];
  let left = MOST_IN_ALL - 200 - JSON.stringify(others).length;
  for (const table of tables) {
    const lines = content === "link" ? [tableOf(table)] : linesOf(table);
    const block: MessageBlock = {
      type: "section",
      text: plain(lines.join("\n"), MOST_IN_SECTION),
    };
    left -= JSON.stringify(block).length + 1;
    if (left < 0 || blocks.length + others.length + 1 >= MOST.blocks) break;
    blocks.push(block);
  }
  const rest = tables.length - blocks.length;
  if (rest === 0) return blocks;
  const more = `And ${figure(rest)} more ${rest === 1 ? "table" : "tables"}.`;
  return [...blocks, { type: "section", text: plain(more, MOST.field) }];
}

/** "gpu_core (QoR, 1,234 rows)", what it waits or stopped for, and its first numbers. */
function linesOf(table: BatchTable): string[] {
  const { rows, is_pending, why, numbers } = table;
  const count = rows === null ? "" : `, ${figure(rows)} ${rows === 1 ? "row" : "rows"}`;
  return [
    `${tableOf(table)} (${KINDS[table.kind]}${count})`,
    ...(is_pending ? ["Not ready yet."] : []),
    ...(why === null ? [] : [`Needs attention: ${oneLine(why)}`]),
    ...foremost(numbers).map((number) => inShort(number, numbers)),
  ];
}

/** What got worse first; numbers that are not sure only where there are no others. */
function foremost(numbers: KeyNumber[]): KeyNumber[] {
  const left = [...numbers];
  const first: KeyNumber[] = [];
  while (first.length < MOST_NUMBERS && left.length > 0) {
    const next = headline(left) ?? left[0]!;
    first.push(next);
    left.splice(left.indexOf(next), 1);
  }
  return first;
}

/** "gcd Setup WNS -0.12 ns (-0.07, worse)": with its group where the table has several. */
function inShort(number: KeyNumber, numbers: KeyNumber[]): string {
  const several = numbers.some(({ group }) => group !== number.group);
  const whose = several && number.group ? `${name(number.group)} ` : "";
  return `${whose}${LABELS[number.name]} ${amount(number)}`;
}

function footerOf(tables: BatchTable[]): string {
  const late = tables.filter(({ is_pending }) => is_pending).length;
  return `Each table's message is in the thread.${
    late > 0 ? " Those that are not ready yet follow." : ""
  }`;
}

/** The list in one line, for notifications and screen readers. */
function summaryOf(title: string, tables: BatchTable[], content: Content): string {
  const shown = tables.slice(0, MOST_IN_TEXT).map((table) => {
    const first = content === "link" ? undefined : headline(table.numbers);
    return `${tableOf(table)}${first ? ` ${inShort(first, table.numbers)}` : ""}`;
  });
  const rest = tables.length - shown.length;
  return `${title}: ${[...shown, ...(rest > 0 ? [`${figure(rest)} more`] : [])].join("; ")}`;
}
