import { change, figure, oneLine, quantity } from "../../measures/format.ts";
import { headline, type KeyNumber, LABELS } from "../../measures/number.ts";

type Plain = { type: "plain_text"; text: string; emoji: false };
type Image = { slack_file: { id: string } } | { image_url: string };

/** The Block Kit blocks used here. All text is plain: in plain_text a name is never markup. */
export type MessageBlock =
  | { type: "header"; text: Plain }
  | { type: "section"; text?: Plain; fields?: Plain[] }
  | { type: "image"; alt_text: string } & Image
  | { type: "context"; elements: Plain[] }
  | {
    type: "actions";
    elements: {
      type: "button";
      action_id: string;
      text: Plain;
      url: string;
      style: "primary";
    }[];
  };

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
  /** The message was posted before, and the table is read another way since. */
  corrected?: boolean;
  /** In the order in which they matter. */
  numbers?: KeyNumber[];
  /** Why the first of them moved. */
  why?: string | null;
};

const KINDS = { timing: "Timing", qor: "QoR", drc: "DRC" };

/** Slack's limits, in characters; `fields` in fields a section, `blocks` in blocks a message. */
const MOST = { header: 150, field: 2_000, alt: 2_000, url: 3_000, fields: 10, blocks: 50 };
/** Designs whose numbers a channel is told: more would push the picture out of sight. */
const MOST_GROUPS = 6;
/** The blocks together, as JSON: Slack refuses them at about 13,200 characters. */
const MOST_IN_ALL = 13_000;
/** Two names of 63 bytes and what stands around them fit; a longer text would crowd out the rest. */
const MOST_IN_NAME = 200;
const MOST_IN_WHY = 500;

const CORRECTED = "Corrected: the table is read another way than when this was posted.";

/** The Slack message for one run of one table: `text` for notifications, `blocks` for the channel. */
export function composeMessage(input: MessageInput): { text: string; blocks: MessageBlock[] } {
  const { username, kind, run, image, dashboard_url } = input;
  const table = name(
    input.schema_name === "public" ? input.table_name : `${input.schema_name}.${input.table_name}`,
  );
  const owner = name(username);
  const rows = rowCount(input);
  const numbers = input.numbers ?? [];
  const first = headline(numbers);
  const heading = oneLine(input.title ?? "") ||
    `${KINDS[kind]}: ${table}, run ${run}${first ? verdict(first) : ""}`;
  const summary = [["Owner", owner], ["Kind", KINDS[kind]], ["Table", table], ["Run", String(run)]];
  if (rows) summary.push(["Rows", rows]);
  const told = rowCount(input, input.rows === 1 ? " row" : " rows");
  const text = `${input.corrected ? "Corrected: " : ""}${
    KINDS[kind]
  } table ${table} of ${owner}: run ${run}${told && `, ${told}`}${
    first ? `, ${inShort(first, numbers)}` : ""
  }`;

  const before: MessageBlock[] = [
    { type: "header", text: plain(heading, MOST.header) },
    { type: "section", fields: summary.map(([label, value]) => field(label!, value!)) },
  ];
  const why = oneLine(input.why ?? "");
  if (why) before.push({ type: "section", text: plain(why, MOST_IN_WHY) });
  const after: MessageBlock[] = [];
  if (image) {
    const alt = oneLine(input.alt_text ?? "") || `The dashboard of ${table}, run ${run}`;
    after.push({ type: "image", ...image, alt_text: cut(alt, MOST.alt) });
  }
  const context = [...(input.corrected ? [CORRECTED] : []), origin(input, owner)];
  after.push({ type: "context", elements: context.map((line) => plain(line, MOST.field)) });
  if (dashboard_url.length <= MOST.url) after.push(openButton(dashboard_url));

  const shown = numberBlocks(numbers, {
    blocks: MOST.blocks - before.length - after.length,
    characters: MOST_IN_ALL - JSON.stringify([...before, ...after]).length,
  });
  return { text: escape(text), blocks: [...before, ...shown, ...after] };
}

/** ": Setup WNS worse", where the first number moved. */
function verdict({ name, better }: KeyNumber): string {
  return better === null ? "" : `: ${LABELS[name]} ${better ? "better" : "worse"}`;
}

/** The first number for the notification; whose it is where the run has several groups. */
function inShort(first: KeyNumber, numbers: KeyNumber[]): string {
  const whose = first.group && numbers.some(({ group }) => group !== first.group)
    ? `${name(first.group)} `
    : "";
  return `${whose}${LABELS[first.name]} ${amount(first)}`;
}

function origin({ kind, image, run, note }: MessageInput, owner: string): string {
  const made = `Made by Dashkeeper from ${owner}'s ${KINDS[kind]} database.`;
  const picture = image ? oneLine(note ?? "") : `There is no picture of run ${run}.`;
  return picture ? `${made} ${picture}` : made;
}

function openButton(url: string): MessageBlock {
  const text = plain("Open dashboard", 75);
  return {
    type: "actions",
    elements: [{ type: "button", action_id: "open_dashboard", text, url, style: "primary" }],
  };
}

/** "1,234 (+12)", with " rows" in between where the label does not say so; empty when unknown. */
function rowCount({ rows, rows_before }: MessageInput, unit = ""): string {
  if (rows === null) return "";
  const moved = rows_before === null ? "" : ` (${change(rows - rows_before, null)})`;
  return figure(rows) + unit + moved;
}

/** One section for each of the first groups, as many numbers as there is room for. */
function numberBlocks(
  numbers: KeyNumber[],
  room: { blocks: number; characters: number },
): MessageBlock[] {
  const blocks: MessageBlock[] = [];
  let left = room.characters - 200; // for the line that counts those left out
  let shown = 0;
  for (const [group, members] of Map.groupBy(numbers, ({ group }) => group)) {
    const fields = members.slice(0, MOST.fields).map((number) =>
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

/** "-0.12 ns (-0.07, worse)". */
function amount({ value, unit, change: by, better, sure }: KeyNumber): string {
  const size = quantity(value, unit);
  if (sure === false) return `${size} (not sure)`;
  return by === null ? size : `${size} (${change(by, better)})`;
}

function field(label: string, value: string): Plain {
  return plain(`${label}\n${value}`, MOST.field);
}

function plain(text: string, most: number): Plain {
  return { type: "plain_text", text: cut(text, most), emoji: false };
}

function name(text: string): string {
  return cut(oneLine(text), MOST_IN_NAME) || "(no name)";
}

/** At most `most` UTF-16 units, never half a character; what was cut ends in "…". */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  let kept = "";
  for (const character of text) {
    if (kept.length + character.length >= most) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Slack reads `<!channel>`, `<@U…>` and links in `text` even where it is not markup. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
