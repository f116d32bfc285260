import { figure } from "../../measures/format.ts";
import { escape, type MessageBlock, name } from "../../pipeline/notify/blocks.ts";
import { withNumbers } from "../../pipeline/channel_store.ts";
import { namesOf } from "../../pipeline/notify/target.ts";
import { cardOf } from "../channel/card.ts";
import { fit, note } from "../channel/fit.ts";
import { connectionOf, pictureOf } from "../channel/picture.ts";
import { type Asked, type ChannelRow, namesIn, NONE, type NumberedRow } from "../channel/rows.ts";
import type { Answer, Deps } from "../envelope.ts";
import { COMMAND, helpAnswer } from "./help.ts";

/** Dashboards in one answer: with their pictures, more would not be read. */
const MOST_CARDS = 3;
const MOST_NAMED = 20;
const byName = new Intl.Collator("en", { numeric: true });
const folded = (text: string) => text.normalize("NFC").toLowerCase();

/** The newest numbers and previews of a design, or of a table by its name. */
export async function latestAnswer(
  deps: Deps,
  asked: Asked,
  rows: ChannelRow[],
  design: string,
  signal: AbortSignal,
): Promise<Answer> {
  if (design === "") return helpAnswer(`Name a design: ${namedIn(rows)}`);
  const isWanted = (name: string) => folded(name) === folded(design);
  const found = rows.filter((row) => namesIn(row).some(isWanted));
  if (found.length === 0) return { text: NONE };
  const app = { user_id: asked.user_id };
  const slack = await connectionOf(deps, app, asked.channel);
  const shown = await withNumbers(deps.db, found.slice(0, MOST_CARDS));
  const cards = await Promise.all(
    shown.map(async (row) =>
      await cardOf(
        deps,
        row,
        numbersOf(row, isWanted),
        await pictureOf(deps, slack, app, row, signal),
      )
    ),
  );
  const { blocks, left } = fit([], cards.map(({ blocks }) => blocks));
  const rest = found.length - cards.length + left;
  const more: MessageBlock[] = rest > 0
    ? [note(`And ${figure(rest)} more ${rest === 1 ? "dashboard" : "dashboards"} of this design.`)]
    : [];
  return { text: escape(cards.map(({ text }) => text).join("\n")), blocks: [...blocks, ...more] };
}

/** Of the design where the dashboard shows several; all where it was named by its table. */
function numbersOf({ numbers, table_name }: NumberedRow, isWanted: (name: string) => boolean) {
  const own = numbers.filter(({ group }) =>
    namesOf({ table_name: "", numbers: [{ group }] }).some(isWanted)
  );
  return own.length === 0 && isWanted(table_name) ? numbers : own;
}

function namedIn(rows: ChannelRow[]): string {
  const names = [...new Set(rows.flatMap(({ designs }) => designs))].sort(byName.compare);
  const shown = names.length > 0 ? names : rows.map(({ table_name }) => table_name);
  const rest = shown.length - MOST_NAMED;
  const list = shown.slice(0, MOST_NAMED).map((design) => name(design, 80)).join(", ");
  return `${list}${
    rest > 0 ? ` and ${figure(rest)} more` : ""
  }. Type ${COMMAND} latest and its name.`;
}
