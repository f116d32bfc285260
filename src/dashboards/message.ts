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

/** A key number of the run. `change`: to the last run; `better`: whether that change is good. */
export type MessageNumber = {
  name: string;
  group: string | null;
  value: number;
  unit: string | null;
  change: number | null;
  better: boolean | null;
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
  numbers?: MessageNumber[];
};

const KINDS = { timing: "Timing", qor: "QoR", drc: "DRC" };

/** Slack's limits, in characters; `fields` in fields a section, `blocks` in blocks a message. */
const MOST = { header: 150, field: 2_000, alt: 2_000, url: 3_000, fields: 10, blocks: 50 };
/** The blocks together, as JSON: Slack refuses them at about 13,200 characters. */
const MOST_IN_ALL = 13_000;
/** Two names of 63 bytes and what stands around them fit; a longer text would crowd out the rest. */
const MOST_IN_NAME = 200;

/** The Slack message for one run of one table: `text` for notifications, `blocks` for the channel. */
export function composeMessage(input: MessageInput): { text: string; blocks: MessageBlock[] } {
  const { username, kind, run, image, dashboard_url } = input;
  const table = name(
    input.schema_name === "public" ? input.table_name : `${input.schema_name}.${input.table_name}`,
  );
  const owner = name(username);
  const rows = rowCount(input);
  const heading = oneLine(input.title ?? "") || `${KINDS[kind]}: ${table}, run ${run}`;
  const summary = [["Owner", owner], ["Kind", KINDS[kind]], ["Table", table], ["Run", String(run)]];
  if (rows) summary.push(["Rows", rows]);
  const told = rowCount(input, input.rows === 1 ? " row" : " rows");
  const text = `${KINDS[kind]} table ${table} of ${owner}: run ${run}${told && `, ${told}`}`;

  const before: MessageBlock[] = [
    { type: "header", text: plain(heading, MOST.header) },
    { type: "section", fields: summary.map(([label, value]) => field(label!, value!)) },
  ];
  const after: MessageBlock[] = [];
  if (image) {
    const alt = oneLine(input.alt_text ?? "") || `The dashboard of ${table}, run ${run}`;
    after.push({ type: "image", ...image, alt_text: cut(alt, MOST.alt) });
  }
  after.push({ type: "context", elements: [plain(origin(input, owner), MOST.field)] });
  if (dashboard_url.length <= MOST.url) after.push(openButton(dashboard_url));

  const numbers = numberBlocks(input.numbers ?? [], {
    blocks: MOST.blocks - before.length - after.length,
    characters: MOST_IN_ALL - JSON.stringify([...before, ...after]).length,
  });
  return { text: escape(text), blocks: [...before, ...numbers, ...after] };
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
  const change = rows_before === null ? "" : ` (${changed(rows - rows_before, null)})`;
  return figure(rows) + unit + change;
}

/** One section for each group (more for over 10 numbers), as many numbers as there is room for. */
function numberBlocks(
  numbers: MessageNumber[],
  room: { blocks: number; characters: number },
): MessageBlock[] {
  const blocks: MessageBlock[] = [];
  let left = room.characters - 200; // for the line that counts those left out
  let shown = 0;
  for (const [group, members] of Map.groupBy(numbers, ({ group }) => group)) {
    for (let i = 0; i < members.length; i += MOST.fields) {
      const fields = members.slice(i, i + MOST.fields).map(numberField);
      const title = i === 0 && group ? { text: plain(name(group), MOST_IN_NAME) } : {};
      const block: MessageBlock = { type: "section", ...title, fields };
      left -= JSON.stringify(block).length + 1;
      if (left < 0 || blocks.length + 1 >= room.blocks) {
        const rest = `And ${figure(numbers.length - shown)} more numbers on the dashboard.`;
        return [...blocks, { type: "section", text: plain(rest, MOST.field) }];
      }
      blocks.push(block);
      shown += fields.length;
    }
  }
  return blocks;
}

function numberField({ name: label, value, unit, change, better }: MessageNumber): Plain {
  const amount = unit ? `${figure(value)} ${cut(oneLine(unit), 20)}` : figure(value);
  return field(
    cut(name(label), 100),
    change === null ? amount : `${amount} (${changed(change, better)})`,
  );
}

function changed(change: number, better: boolean | null): string {
  if (change === 0) return "no change";
  const sign = change > 0 ? "+" : "";
  return `${sign}${figure(change)}${better === null ? "" : better ? ", better" : ", worse"}`;
}

/** Whole numbers whole, others with 6 significant digits; 2 after the point from 1,000 up. */
function figure(value: number): string {
  if (value === 0) return "0"; // a WNS of -0 too
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e15)) return String(Number(value.toPrecision(4)));
  const digits = Number.isInteger(value) || size >= 1_000
    ? { maximumFractionDigits: 2 }
    : { maximumSignificantDigits: 6 };
  return value.toLocaleString("en-US", digits);
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

/** Without line breaks, control characters, and the marks that reverse the text after them. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, " ").trim();
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
