import { ExternalError } from "../../errors.ts";
import type { Connection } from "./call.ts";
import { checkChannel, checkToken } from "./check.ts";
import { notInChannel } from "./refusals.ts";

/** A refusal because the app is not in the channel names both, where Slack gives their names. */
export async function withNames(
  connection: Connection,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof ExternalError) || error.more.code !== "not_in_channel") return error;
  const [channel, app] = await Promise.all([
    checkChannel(connection, signal).then(({ name }) => name, () => undefined),
    checkToken(connection, signal).then(({ app }) => app, () => undefined),
  ]);
  return new ExternalError("Slack", notInChannel(channel, app), true, error.more);
}
