import { figure, oneLine } from "../../measures/format.ts";
import type { KeyNumber } from "../../measures/number.ts";
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
} from "../notify/blocks.ts";
import { inShort } from "../notify/numbers.ts";
import type { Changes, Moved } from "./changes.ts";
import { spoken } from "./schedule.ts";
import type { Table } from "./store.ts";

export type DigestInput = Changes & { content: Content; since: Date; zone: string };
/** Where a table's button leads: to the dashboard, or to its row's page with what to do. */
export type Links = { dashboard(table: Table): Promise<string>; row(table: Table): string };

/** `sentence`: "2 tables worse", or without the noun; `short`: an entry in the notification. */
type Part = {
  title: string;
  sentence(with_noun: boolean): string;
  entries: { lines: string[]; short: string; button: string; url(): Promise<string> | string }[];
};

const MOST_NUMBERS = 4;
const MOST_IN_WHY = 500;
const MOST_IN_SECTION = 3_000;
/** Tables of each part in the notification. */
const MOST_IN_TEXT = 3;
/** What each part has at least, so that none is pushed out. */
const RESERVED = { characters: 2_500, blocks: 6 };
const REST_CHARACTERS = 150;

/** The message on all tables of a channel: `text` for notifications, `blocks` for the channel. */
export async function composeDigest(
  input: DigestInput,
  links: Links,
): Promise<{ text: string; blocks: MessageBlock[] }> {
  const parts = partsOf(input, links).filter(({ entries }) => entries.length > 0);
  const since = spoken(input.since, input.zone);
  const counts = parts.map(({ sentence }, i) => sentence(i === 0)).join(", ");
  const compared = input.content === "link"
    ? `New runs since ${since}.`
    : `Since ${since}. The newest run is compared with the last one before, or with a new table's earliest.`;
  const blocks: MessageBlock[] = [
    { type: "header", text: plain(`Daily digest: ${counts}`, MOST.header) },
    { type: "context", elements: [plain(compared, MOST.field)] },
  ];
  for (const [i, part] of parts.entries()) {
    const later = parts.length - i - 1;
    blocks.push(
      ...await blocksOf(part, {
        characters: MOST_IN_ALL - JSON.stringify(blocks).length - later * RESERVED.characters,
        blocks: MOST.blocks - blocks.length - later * RESERVED.blocks,
      }),
    );
  }
  const groups = parts.map(shortOf).join(" ");
  return { text: escape(`Daily digest since ${since}: ${counts}. ${groups}`), blocks };
}

function partsOf({ content, worse, better, attention, fresh }: DigestInput, links: Links): Part[] {
  const counted = (count: number, what: string) => (with_noun: boolean) =>
    `${figure(count)}${with_noun ? ` ${count === 1 ? "table" : "tables"}` : ""} ${what}`;
  const moved = (table: Moved, numbers: KeyNumber[]) => ({
    lines: [heading(table, runsOf(table)), ...numberLines(numbers)],
    short: `${whose(table)}${numbers[0] ? `, ${inShort(numbers[0], true)}` : ""}`,
    button: "Open",
    url: () => links.dashboard(table),
  });
  if (content === "link") {
    const entries = fresh.map((table) => moved(table, []));
    const sentence = counted(fresh.length, fresh.length === 1 ? "has new runs" : "have new runs");
    return [{ title: "New runs", sentence, entries }];
  }
  return [{
    title: "Worse",
    sentence: counted(worse.length, "worse"),
    entries: worse.map((table) => moved(table, [...table.worse, ...table.better])),
  }, {
    title: "Better",
    sentence: counted(better.length, "better"),
    entries: better.map((table) => moved(table, table.better)),
  }, {
    title: "Needs attention",
    sentence: counted(
      attention.length,
      attention.length === 1 ? "needs attention" : "need attention",
    ),
    entries: attention.map((table) => {
      const why = cut(oneLine(table.attention ?? ""), MOST_IN_WHY);
      const lines = [heading(table), why];
      return { lines, short: whose(table), button: "Details", url: () => links.row(table) };
    }),
  }];
}

/** A title, as many tables as there is room for, and how many more there are. */
async function blocksOf(
  { title, entries }: Part,
  room: { characters: number; blocks: number },
): Promise<MessageBlock[]> {
  const blocks: MessageBlock[] = [{ type: "header", text: plain(title, MOST.header) }];
  let left = room.characters - REST_CHARACTERS - JSON.stringify(blocks).length;
  for (const { lines, button, url } of entries) {
    const block = section(lines.join("\n"), button, await url());
    left -= JSON.stringify(block).length + 1;
    if (left < 0 || blocks.length + 1 >= room.blocks) break;
    blocks.push(block);
  }
  const rest = entries.length - (blocks.length - 1);
  if (rest === 0) return blocks;
  const more = `And ${figure(rest)} more ${rest === 1 ? "table" : "tables"}.`;
  return [...blocks, { type: "context", elements: [plain(more, MOST.field)] }];
}

function section(text: string, button: string, url: string): MessageBlock {
  const shown = { type: "section", text: plain(text, MOST_IN_SECTION) } as const;
  if (url.length > MOST.url) return shown;
  const action_id = "open_dashboard";
  return { ...shown, accessory: { type: "button", action_id, text: plain(button, 75), url } };
}

const whose = (table: Table) => `${tableOf(table)} of ${name(table.username)}`;

/** "blocks_sta of ada (Timing, runs 4 to 6)". */
const heading = (table: Table, runs = "") =>
  `${whose(table)} (${[KINDS[table.kind], runs].filter(Boolean).join(", ")})`;

const runsOf = ({ first_run, last_run }: Moved) =>
  first_run === last_run ? `run ${last_run}` : `runs ${first_run} to ${last_run}`;

function numberLines(numbers: KeyNumber[]): string[] {
  const rest = numbers.length - MOST_NUMBERS;
  return [
    ...numbers.slice(0, MOST_NUMBERS).map((number) => `• ${inShort(number, true)}`),
    ...(rest > 0 ? [`• And ${figure(rest)} more ${rest === 1 ? "number" : "numbers"}.`] : []),
  ];
}

/** "Worse: blocks_sta of ada, Setup WNS -0.12 ns (-0.07, worse); 2 more." */
function shortOf({ title, entries }: Part): string {
  const rest = entries.length - MOST_IN_TEXT;
  const shown = entries.slice(0, MOST_IN_TEXT).map(({ short }) => short);
  return `${title}: ${[...shown, ...(rest > 0 ? [`${figure(rest)} more`] : [])].join("; ")}.`;
}
