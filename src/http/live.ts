import { pause } from "../external/abort.ts";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import type { Events } from "../external/events.ts";
import { type Env, maySee } from "../who.ts";

const KEEP_ALIVE_MS = 25_000;
/** Rows move in bursts; a page gets at most one event in this time. */
const AT_MOST_EVERY_MS = 500;

/**
 * Sends an event when one of the caller's dashboards moved; the page reloads its list. Ends with the
 * session.
 */
export function liveEvents(
  events: Events,
  stopped: AbortSignal,
  session: (c: Context) => Promise<unknown>,
) {
  return (c: Context<Env>) =>
    streamSSE(c, async (stream) => {
      const { who } = c.var;
      let moved = false;
      let waiting = new AbortController();
      const ended = new AbortController();
      const notify = () => {
        moved = true;
        waiting.abort();
      };
      const end = events.subscribe((event) => {
        if (maySee(who, event)) notify();
      }, notify);
      const stop = () => {
        end();
        waiting.abort();
        ended.abort();
      };
      stream.onAbort(stop);
      stopped.addEventListener("abort", stop);
      while (!stream.aborted && !stopped.aborted) {
        waiting = new AbortController();
        if (!moved) await pause(KEEP_ALIVE_MS, waiting.signal);
        if (stream.aborted || stopped.aborted) break;
        if (!await withDeadline(DEADLINES.call, () => session(c)).catch(() => true)) break;
        await stream.writeSSE({ event: moved ? "moved" : "still", data: "" });
        moved = false;
        await pause(AT_MOST_EVERY_MS, ended.signal);
      }
      end();
      stopped.removeEventListener("abort", stop);
    });
}
