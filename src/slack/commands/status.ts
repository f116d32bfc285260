import { figure, oneLine } from "../../measures/format.ts";
import { cut, escape, type MessageBlock, MOST, plain } from "../../pipeline/notify/blocks.ts";
import type { Answer, Deps } from "../envelope.ts";
import { titleOf } from "../channel/card.ts";
import { fit, note, openable } from "../channel/fit.ts";
import { type ChannelRow, MOST_ROWS } from "../channel/rows.ts";

/** In the order of the list. */
const STATES = {
  attention: "Needs attention",
  create: "Creating dashboard",
  capture: "Capturing",
  notify: "Posting to Slack",
  done: "Done",
};
type State = keyof typeof STATES;

const stateOf = ({ stopped, step }: ChannelRow): State => stopped ? "attention" : step;
const MOST_IN_WHY = 300;

/** What the channel's dashboards are doing; the finished ones are counted only. */
export function statusAnswer({ slack, frontend_url }: Deps, rows: ChannelRow[]): Answer {
  const byState = Map.groupBy(rows, stateOf);
  const muted = rows.filter(({ is_muted }) => is_muted).length;
  const counts = Object.entries(STATES).flatMap(([state, words]) => {
    const count = byState.get(state as State)?.length ?? 0;
    return count > 0 ? [`${words}: ${figure(count)}`] : [];
  });
  if (muted > 0) counts.push(`Muted: ${figure(muted)}`);
  const count = `${rows.length < MOST_ROWS ? "" : "The newest "}${figure(rows.length)}`;
  const title = `${count} ${rows.length === 1 ? "dashboard" : "dashboards"}`;
  const first: MessageBlock[] = [
    { type: "header", text: plain(title, MOST.header) },
    { type: "section", text: plain(counts.join("\n"), MOST.field) },
  ];
  const open = (Object.keys(STATES) as State[]).filter((state) => state !== "done")
    .flatMap((state) => byState.get(state) ?? []);
  const parts = open.map((row) => [
    openable(lineOf(row, slack.content !== "link"), `${frontend_url}/dashboards/${row.id}`),
  ]);
  const { blocks, left } = fit(first, parts);
  const [newest] = rows;
  const last = [
    ...(left > 0 ? [`And ${figure(left)} more.`] : []),
    `Newest run: ${titleOf(newest!)}`,
  ];
  return {
    text: escape(`${title}. ${counts.join(", ")}. ${last.at(-1)}`),
    blocks: [...blocks, note(last.join("\n"))],
  };
}

function lineOf(row: ChannelRow, shows_why: boolean): string {
  const why = shows_why && row.last_error ? cut(oneLine(row.last_error), MOST_IN_WHY) : "";
  return [`${titleOf(row)}: ${STATES[stateOf(row)]}`, why].filter(Boolean).join("\n");
}
