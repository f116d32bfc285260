import { call, type Connection } from "./call.ts";
import { checkChannel, checkToken } from "./check.ts";
import { post, update } from "./post.ts";
import { find } from "./search.ts";
import { upload } from "./upload.ts";

export { SCOPES } from "./check.ts";

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
    upload: upload.bind(null, connection),
    post: post.bind(null, connection),
    update: update.bind(null, connection),
    find: find.bind(null, connection),
    checkToken: checkToken.bind(null, connection),
    checkChannel: checkChannel.bind(null, connection),
  };
}
