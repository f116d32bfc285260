import { call, type Connection } from "./call.ts";
import { checkChannel, checkToken, inspect } from "./check.ts";
import { post, update } from "./post.ts";
import { find, isThere } from "./search.ts";
import { unfurl } from "./unfurl.ts";
import { upload, uploadIntoThread, waitUntilProcessed } from "./upload.ts";

export { type SlackState, warningsOf } from "./check.ts";
export { SCOPES } from "./scopes.ts";

export type SlackOptions = {
  token: string;
  /** The channel's ID (C…), not its name. */
  channel: string;
  apiUrl?: string;
  /** The limit for one call; a file's bytes get six times, its processing twice as long. */
  timeoutMs?: number;
};

export type Slack = ReturnType<typeof connectSlack>;

/** Connects to one channel; sends nothing before the first call. Every function throws `ExternalError`. */
export function connectSlack({ token, channel, apiUrl, timeoutMs = 10_000 }: SlackOptions) {
  const connection: Connection = {
    channel,
    timeoutMs,
    call: (...request) => call({ token, apiUrl, timeoutMs }, ...request),
  };
  return {
    /** A search made so long after a post was begun finds it: the call has ended, the history shows it. */
    certainAfterMs: 2 * timeoutMs,
    upload: upload.bind(null, connection),
    waitUntilProcessed: waitUntilProcessed.bind(null, connection),
    uploadIntoThread: uploadIntoThread.bind(null, connection),
    post: post.bind(null, connection),
    update: update.bind(null, connection),
    unfurl: unfurl.bind(null, connection),
    find: find.bind(null, connection),
    isThere: isThere.bind(null, connection),
    checkToken: checkToken.bind(null, connection),
    inspect: inspect.bind(null, connection),
    checkChannel: checkChannel.bind(null, connection),
  };
}
