import { change, figure, oneLine } from "../../measures/format.ts";
import { headline, type KeyNumber, LABELS } from "../../measures/number.ts";
import {
  amount,
  type Content,
  cut,
  escape,
  type Image,
  KINDS,
  type MessageBlock,
  MOST,
  MOST_IN_ALL,
  MOST_IN_NAME,
  name,
  type Plain,
  plain,
  tableOf,
} from "./blocks.ts";

export type MessageInput = {
  username: string;
  kind: "timing" | "qor" | "drc";
  schema_name: string;
  table_name: string;
  run: number;
  title?: string;
  /** Rows now, and at the last run; null: unknown. */
  rows: number | null;
  rows_before: number | null;
  /** Absolute, and open to a channel member. */
  dashboard_url: string;
  image: Image | null;
  alt_text?: string;
  /** What there is to know of the picture. */
  note?: string | null;
  /** Why there is none. */
  no_picture?: string | null;
  content?: Content;
  /** When the run was found, ISO 8601. */
  found_at?: string;
  /** The message was posted before, and the table is read another way since. */
  corrected?: boolean;
  /** In the order in which they matter. */
  numbers?: KeyNumber[];
  /** Why the first of them moved. */
  why?: string | null;
};

/** Designs with numbers in a message: more would push the preview out of sight. */
const MOST_GROUPS = 6;
const MOST_IN_WHY = 500;

const CORRECTED = "Corrected: the table is read another way than when this was posted.";

/** The Slack message for one run of one table: `text` for notifications, `blocks` for the channel. */
export function composeMessage(input: MessageInput): { text: string; blocks: MessageBlock[] } {
  const { kind, run, image, dashboard_url, content = "full" } = input;
  const table = tableOf(input);
  const owner = name(input.username);
  const numbers = content === "link" ? [] : input.numbers ?? [];
  const first = headline(numbers);
  const heading = oneLine(input.title ?? "") ||
    `${KINDS[kind]}: ${table} of ${owner}, run ${run}${first ? movement(first) : ""}`;

  const before: MessageBlock[] = [{ type: "header", text: plain(heading, MOST.header) }];
  const after: MessageBlock[] = [];
  const why = content === "link" ? "" : oneLine(input.why ?? "");
  if (why) after.push({ type: "section", text: plain(why, MOST_IN_WHY) });
  if (image && content === "full") {
    const alt = oneLine(input.alt_text ?? "") || altText(table, run, numbers);
    after.push({ type: "image", ...image, alt_text: cut(alt, MOST.alt) });
  }
  const context = [
    ...(input.corrected ? [CORRECTED] : []),
    when(input),
    origin(input, owner),
  ];
  after.push({ type: "context", elements: context.map((line) => plain(line, MOST.field)) });
  if (dashboard_url.length <= MOST.url) after.push(openButton(dashboard_url));

  const shown = numberBlocks(numbers, {
    blocks: MOST.blocks - before.length - after.length,
    characters: MOST_IN_ALL - JSON.stringify([...before, ...after]).length,
  });
  return {
    text: escape(summaryOf(input, table, owner, numbers)),
    blocks: [...before, ...shown, ...after],
  };
}

/** The message in one line, for notifications and screen readers. */
function summaryOf(
  input: MessageInput,
  table: string,
  owner: string,
  numbers: KeyNumber[],
): string {
  const rows = rowCount(input);
  const first = headline(numbers);
  return `${input.corrected ? "Corrected: " : ""}${
    KINDS[input.kind]
  } table ${table} of ${owner}: run ${input.run}${rows && `, ${rows}`}${
    first ? `, ${inShort(first, numbers)}` : ""
  }`;
}

const MOST_IN_ALT = 10;

function altText(table: string, run: number, numbers: KeyNumber[]): string {
  const parts = numbers.slice(0, MOST_IN_ALT).map((number) => inShort(number, numbers));
  return `The dashboard of ${table}, run ${run}${parts.length > 0 ? `: ${parts.join("; ")}` : ""}`;
}

/** "Run 3, 1,234 rows (+12), found 2026-11-30 08:30 UTC". */
function when(input: MessageInput): string {
  const { run, found_at } = input;
  const found = found_at && `found ${found_at.slice(0, 16).replace("T", " ")} UTC`;
  return [`Run ${run}`, rowCount(input), found].filter(Boolean).join(", ");
}

/** ": Setup WNS worse", where the first number moved. */
function movement({ name, better }: KeyNumber): string {
  return better === null ? "" : `: ${LABELS[name]} ${better ? "better" : "worse"}`;
}

/** The first number for the notification; whose it is where the run has several groups. */
function inShort(first: KeyNumber, numbers: KeyNumber[]): string {
  const whose = first.group && numbers.some(({ group }) => group !== first.group)
    ? `${name(first.group)} `
    : "";
  return `${whose}${LABELS[first.name]} ${amount(first)}`;
}

function origin(input: MessageInput, owner: string): string {
  const { kind, image, run, note, no_picture, content = "full" } = input;
  const made = `Made by Dashkeeper from ${owner}'s ${KINDS[kind]} database.`;
  if (content !== "full") return made;
  const picture = oneLine(
    (image ? note : no_picture || `There is no preview of run ${run}.`) ?? "",
  );
  return picture ? `${made} ${picture}` : made;
}

function openButton(url: string): MessageBlock {
  const text = plain("Open dashboard", 75);
  return {
    type: "actions",
    elements: [{ type: "button", action_id: "open_dashboard", text, url, style: "primary" }],
  };
}

/** "1,234 rows (+12)"; empty when unknown, or when the content setting forbids it. */
function rowCount({ rows, rows_before, content }: MessageInput): string {
  if (rows === null || content === "link") return "";
  const moved = rows_before === null ? "" : ` (${change(rows - rows_before, null)})`;
  return `${figure(rows)} ${rows === 1 ? "row" : "rows"}${moved}`;
}

/** What got worse first. */
const worseFirst = (numbers: KeyNumber[]) =>
  numbers.toSorted((a, b) => Number(isBad(b)) - Number(isBad(a)));
const isBad = ({ better, sure }: KeyNumber) => sure !== false && better === false;

/** One section for each of the first groups, as many numbers as there is room for. */
function numberBlocks(
  numbers: KeyNumber[],
  room: { blocks: number; characters: number },
): MessageBlock[] {
  const blocks: MessageBlock[] = [];
  let left = room.characters - 200; // for the line that counts those left out
  let shown = 0;
  for (const [group, members] of Map.groupBy(numbers, ({ group }) => group)) {
    const fields = worseFirst(members).slice(0, MOST.fields).map((number) =>
      field(LABELS[number.name], amount(number))
    );
    const title = group ? { text: plain(name(group), MOST_IN_NAME) } : {};
    const block: MessageBlock = { type: "section", ...title, fields };
    left -= JSON.stringify(block).length + 1;
    if (left < 0 || blocks.length === MOST_GROUPS || blocks.length + 1 >= room.blocks) break;
    blocks.push(block);
    shown += fields.length;
  }
  if (shown === numbers.length) return blocks;
  const rest = `And ${figure(numbers.length - shown)} more numbers on the dashboard.`;
  return [...blocks, { type: "section", text: plain(rest, MOST.field) }];
}

function field(label: string, value: string): Plain {
  return plain(`${label}\n${value}`, MOST.field);
}
