import { oneLine } from "../../measures/format.ts";
import type { KeyNumber } from "../../measures/number.ts";
import {
  cut,
  type Image,
  KINDS,
  type MessageBlock,
  name,
  plain,
  tableOf,
} from "../../pipeline/notify/blocks.ts";
import { linkTo } from "../../pipeline/notify/link.ts";
import { chooseNumbers, forLine, inShort, linesOf } from "../../pipeline/notify/numbers.ts";
import type { Deps } from "../envelope.ts";
import { note, openable } from "./fit.ts";
import type { ChannelRow, NumberedRow } from "./rows.ts";

/** A dashboard's newest numbers and preview. */
export type Card = { blocks: MessageBlock[]; text: string };

const MOST_IN_WHY = 300;

/** "timing_runs of ada (Timing, run 3)". */
export function titleOf(row: ChannelRow): string {
  const run = row.of_run === null ? "no run yet" : `run ${row.of_run}`;
  return `${tableOf(row)} of ${name(row.username)} (${KINDS[row.kind]}, ${run})`;
}

/** `numbers`: those to show; what SLACK_CONTENT keeps in the house is left out. */
export async function cardOf(
  deps: Deps,
  row: NumberedRow,
  numbers: KeyNumber[],
  image: Image | null,
): Promise<Card> {
  const { content, worse_percent } = deps.slack;
  const isLink = content === "link";
  const chosen = chooseNumbers(isLink ? [] : numbers, worse_percent);
  const title = titleOf(row);
  const why = isLink ? "" : cut(oneLine(row.why ?? ""), MOST_IN_WHY);
  const found = row.found_at && `Found ${row.found_at.slice(0, 16).replace("T", " ")} UTC`;
  const lines = [...linesOf(chosen), chosen.rest, why].filter(Boolean);
  const blocks: MessageBlock[] = [
    openable(title, await linkTo(deps, row)),
    ...lines.map((line): MessageBlock => ({ type: "section", text: plain(line, 800) })),
    ...(image ? [{ type: "image" as const, ...image, alt_text: `The dashboard of ${title}` }] : []),
    ...(found ? [note(found)] : []),
  ];
  const said = forLine(chosen).slice(0, 3).map((number) => inShort(number, chosen.several));
  return { blocks, text: [title, ...said].join("; ") };
}
