import { figure } from "../../measures/format.ts";
import type { KeyNumber } from "../../measures/number.ts";
import { directionOf, inOrder, worseFirst } from "../../measures/direction.ts";
import { withNumbers } from "../../pipeline/channel_store.ts";
import { escape, type MessageBlock, MOST, name, plain } from "../../pipeline/notify/blocks.ts";
import { linkTo } from "../../pipeline/notify/link.ts";
import { inShort } from "../../pipeline/notify/numbers.ts";
import { titleOf } from "../channel/card.ts";
import { fit, note, openable } from "../channel/fit.ts";
import { type ChannelRow, NONE, type NumberedRow } from "../channel/rows.ts";
import type { Answer, Deps } from "../envelope.ts";

type Design = { row: NumberedRow; group: string | null; numbers: KeyNumber[]; is_worse: boolean };

/** With the newest runs: the numbers of a dashboard can be 40 kB. */
const MOST_ROWS = 1_000;
const MOST_DESIGNS = 10;
const MOST_NUMBERS = 3;
const KEPT = "This installation sends no numbers to Slack (SLACK_CONTENT=link). They are at ";

/** The designs of all dashboards: those that got worse most first, then by how bad their numbers are. */
export async function worstAnswer(deps: Deps, rows: ChannelRow[]): Promise<Answer> {
  const { slack: { content, worse_percent }, frontend_url } = deps;
  if (content === "link") return { text: escape(`${KEPT}${frontend_url}`) };
  const newest = await withNumbers(deps.db, rows.slice(0, MOST_ROWS));
  const designs = worstOf(newest, worse_percent);
  if (designs.length === 0) return { text: NONE };
  const worse = designs.filter(({ is_worse }) => is_worse).length;
  const title = worse === 0
    ? "No design got worse in its newest run"
    : `${figure(worse)} ${worse === 1 ? "design" : "designs"} got worse`;
  const shown = designs.slice(0, MOST_DESIGNS);
  const lines = shown.map(linesOf);
  const parts = await Promise.all(
    shown.map(async ({ row }, i) => [openable(lines[i]!.join("\n"), await linkTo(deps, row), 800)]),
  );
  const header: MessageBlock = { type: "header", text: plain(title, MOST.header) };
  const { blocks, left } = fit([header], parts);
  const rest = designs.length - shown.length + left;
  const last = [
    ...(rest > 0 ? [`And ${figure(rest)} more.`] : []),
    ...(rows.length > MOST_ROWS ? [`Of the ${figure(MOST_ROWS)} newest runs.`] : []),
  ].join(" ");
  const more = last ? [note(last)] : [];
  const text = `${title}: ${lines.slice(0, MOST_NUMBERS).map((line) => line.join(" ")).join("; ")}`;
  return { text: escape(text), blocks: [...blocks, ...more] };
}

function worstOf(rows: NumberedRow[], percent: number): Design[] {
  const designs = rows.flatMap((row) =>
    [...Map.groupBy(row.numbers, ({ group }) => group)].map(([group, numbers]): Design => ({
      ...{ row, group, numbers: worseFirst(numbers, percent) },
      is_worse: numbers.some((number) => directionOf(number, percent) === "worse"),
    }))
  );
  const keyed = designs.flatMap(({ numbers }, i) =>
    numbers.map((number) => ranked(number, String(i), percent))
  );
  const order = Map.groupBy(inOrder(keyed, percent), ({ group }) => group).keys();
  return order.map((i) => designs[Number(i)]!).toArray();
}

/** Its place: `key` in place of the group, which several tables may have; what did not get worse counts by its value. */
function ranked(number: KeyNumber, key: string, percent: number): KeyNumber {
  const keyed = { ...number, group: key };
  return directionOf(number, percent) === "worse"
    ? keyed
    : { ...keyed, change: null, better: null };
}

function linesOf({ row, group, numbers }: Design): string[] {
  const whose = group ? `${name(group, 80)}, ${titleOf(row)}` : titleOf(row);
  return [whose, ...numbers.slice(0, MOST_NUMBERS).map((number) => inShort(number, false))];
}
