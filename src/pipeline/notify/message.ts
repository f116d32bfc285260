import { change, figure, oneLine } from "../../measures/format.ts";
import type { KeyNumber } from "../../measures/number.ts";
import {
  type Content,
  type Control,
  cut,
  escape,
  type Image,
  KINDS,
  type MessageBlock,
  MOST,
  name,
  plain,
  tableOf,
} from "./blocks.ts";
import { chooseNumbers, type Chosen, forLine, inShort, linesOf } from "./numbers.ts";

export type MessageInput = {
  username: string;
  kind: "timing" | "qor" | "drc";
  schema_name: string;
  table_name: string;
  run: number;
  /** Rows now, and at the last run; null: unknown. */
  rows: number | null;
  rows_before: number | null;
  /** Absolute, and open to a channel member. */
  dashboard_url: string;
  image: Image | null;
  /** What there is to know of the picture. */
  note?: string | null;
  /** Why there is none. */
  no_picture?: string | null;
  content?: Content;
  /** When the run was found, ISO 8601. */
  found_at?: string;
  /** The message was posted before, and the table is read another way since. */
  corrected?: boolean;
  /** The runs of the table were posted before, and have more data since. */
  updated?: boolean;
  numbers?: KeyNumber[];
  /** By how many percent a size must move to be worse. */
  worse_percent?: number;
  /** Why the first of them moved. */
  why?: string | null;
  /** Buttons beside the link. */
  controls?: Control[];
};

/** Tighter than Slack's limits, so that all of it together fits. */
const MOST_IN_ALT = 1_000;
const MOST_IN_LINE = 500;
const MOST_IN_SECTION = 800;
/** With the longest owner, run and direction beside it, it fits into the header. */
const MOST_IN_HEADER_NAME = 60;

const CORRECTED = "Corrected: the table is read another way than when this was posted.";

/** The Slack message for one run of one table: `text` for notifications, `blocks` for the channel. */
export function composeMessage(input: MessageInput): { text: string; blocks: MessageBlock[] } {
  const { image, content = "full" } = input;
  const isLink = content === "link";
  const chosen = chooseNumbers(isLink ? [] : input.numbers ?? [], input.worse_percent);
  const why = isLink ? "" : oneLine(input.why ?? "");
  const lines = [
    ...(input.corrected ? [CORRECTED] : []),
    ...doubts(chosen),
    when(input),
    origin(input),
  ];
  const blocks: MessageBlock[] = [
    { type: "header", text: plain(heading(input, chosen), MOST.header) },
    ...[...linesOf(chosen), chosen.rest, why].filter(Boolean).map(section),
    ...(image && content === "full"
      ? [{ type: "image" as const, ...image, alt_text: altText(input, chosen) }]
      : []),
    { type: "context", elements: lines.map((line) => plain(line, MOST_IN_LINE)) },
    ...actions(input),
  ];
  return { text: escape(summaryOf(input, chosen, why)), blocks };
}

function heading(input: MessageInput, { direction }: Chosen): string {
  const { kind, username } = input;
  const table = tableOf(input, MOST_IN_HEADER_NAME);
  const run = runOf(input);
  return `${KINDS[kind]}: ${table} of ${name(username)}, ${run}${direction && `: ${direction}`}`;
}

const runOf = ({ run, updated }: MessageInput) => `run ${run}${updated ? " (updated)" : ""}`;

/** Numbers in `text`: a notification shows about the first of them. */
const MOST_IN_TEXT = 3;

/** The message as one text, for notifications and screen readers. */
function summaryOf(input: MessageInput, chosen: Chosen, why: string): string {
  const { kind, username, corrected } = input;
  const numbers = forLine(chosen).slice(0, MOST_IN_TEXT);
  const said = [
    `${KINDS[kind]} table ${tableOf(input)} of ${name(username)}: ${runOf(input)}`,
    rowCount(input),
    chosen.several ? chosen.direction : "",
    numbers.map((number) => inShort(number, chosen.several)).join("; "),
  ].filter(Boolean).join(", ");
  return `${corrected ? "Corrected: " : ""}${said}${why && `. ${cut(why, MOST_IN_LINE)}.`}`;
}

function altText(input: MessageInput, { groups, several }: Chosen): string {
  const numbers = groups.flatMap(({ numbers }) => numbers);
  const said = numbers.map((number) => inShort(number, several)).join("; ");
  return cut(
    `The dashboard of ${tableOf(input)}, run ${input.run}${said && `: ${said}`}`,
    MOST_IN_ALT,
  );
}

/** Why numbers are marked as not sure. */
function doubts({ groups }: Chosen): string[] {
  const unsure = groups.flatMap(({ numbers }) => numbers).filter(({ sure }) => sure === false);
  const [doubt] = unsure.flatMap(({ doubt }) => doubt ? [oneLine(doubt)] : []);
  return doubt ? [`Not sure: ${doubt}`] : [];
}

/** "Run 3, 1,234 rows (+12), found 2026-11-30 08:30 UTC". */
function when(input: MessageInput): string {
  const { run, found_at } = input;
  const found = found_at && `found ${found_at.slice(0, 16).replace("T", " ")} UTC`;
  return [`Run ${run}`, rowCount(input), found].filter(Boolean).join(", ");
}

function origin(input: MessageInput): string {
  const { username, kind, image, run, note, no_picture, content = "full" } = input;
  const made = `Made by Dashkeeper from ${name(username)}'s ${KINDS[kind]} database.`;
  if (content !== "full") return made;
  const picture = oneLine(
    (image ? note : no_picture || `There is no preview of run ${run}.`) ?? "",
  );
  return picture ? `${made} ${picture}` : made;
}

function actions({ dashboard_url: url, controls = [] }: MessageInput): MessageBlock[] {
  const text = plain("Open dashboard", 75);
  const open = {
    type: "button",
    action_id: "open_dashboard",
    text,
    url,
    style: "primary",
  } as const;
  const elements = [...(url.length <= MOST.url ? [open] : []), ...controls];
  return elements.length > 0 ? [{ type: "actions", elements }] : [];
}

/** "1,234 rows (+12)"; empty when unknown, or when the content setting forbids it. */
function rowCount({ rows, rows_before, content }: MessageInput): string {
  if (rows === null || content === "link") return "";
  const moved = rows_before === null ? "" : ` (${change(rows - rows_before, null)})`;
  return `${figure(rows)} ${rows === 1 ? "row" : "rows"}${moved}`;
}

const section = (text: string): MessageBlock => ({
  type: "section",
  text: plain(text, MOST_IN_SECTION),
});
