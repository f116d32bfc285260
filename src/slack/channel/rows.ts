import { AppError, ExternalError } from "../../errors.ts";
import {
  type Asked,
  type ChannelRow,
  findChannelRows,
  type Numbers,
} from "../../pipeline/channel_store.ts";
import { channelsOf, namesOf } from "../../pipeline/notify/target.ts";
import type { Deps } from "../envelope.ts";

export type { Asked, ChannelRow };
export type NumberedRow = ChannelRow & Numbers;

export const NONE = "No dashboards of this channel match.";

/** Those with the newest runs. */
export const MOST_ROWS = 10_000;

/** The dashboards that were posted in the channel by the app, and whose next messages go there too. */
export async function rowsIn(deps: Deps, asked: Asked): Promise<ChannelRow[]> {
  const rows = await findChannelRows(deps.db, asked, MOST_ROWS);
  const users = Map.groupBy(rows, ({ user_id }) => user_id).keys();
  const channelOf = new Map<number, Awaited<ReturnType<typeof channelsOf>>>();
  for (const user_id of users) {
    try {
      channelOf.set(user_id, await channelsOf(deps, user_id));
    } catch (error) {
      // A user whose credentials do not open has no channel.
      if (!(error instanceof ExternalError || error instanceof AppError)) throw error;
    }
  }
  return rows.filter((row) => channelOf.get(row.user_id)?.(namesIn(row)) === asked.channel);
}

/** The table's name, its designs' and, of "gcd sky130hd base", the design's alone. */
export const namesIn = ({ table_name, designs }: ChannelRow): string[] =>
  namesOf({ table_name, numbers: designs.map((group) => ({ group })) });
