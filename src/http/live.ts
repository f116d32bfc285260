import { pause } from "../external/abort.ts";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import type { Events } from "../external/events.ts";
import { type Env, maySee } from "../who.ts";

const KEEP_ALIVE_MS = 25_000;
/** Rows move in bursts; a page gets at most one event in this time. */
const AT_MOST_EVERY_MS = 500;
/** Where more moved at once, the list is fetched instead. */
const MOST_NAMED = 20;
/** In place of the ids of events that were missed. */
const MISSED = 0;

/**
 * Sends the ids of the caller's dashboards that moved, none where events were missed. Ends with the
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
      const moved = new Set<number>();
      let waiting = new AbortController();
      const ended = new AbortController();
      const end = events.subscribe((event) => {
        if (!maySee(who, event)) return;
        moved.add(event.id);
        waiting.abort();
      }, () => {
        moved.add(MISSED);
        waiting.abort();
      });
      const stop = () => {
        end();
        waiting.abort();
        ended.abort();
      };
      stream.onAbort(stop);
      stopped.addEventListener("abort", stop);
      while (!stream.aborted && !stopped.aborted) {
        waiting = new AbortController();
        if (moved.size === 0) await pause(KEEP_ALIVE_MS, waiting.signal);
        if (stream.aborted || stopped.aborted) break;
        if (!await withDeadline(DEADLINES.call, () => session(c)).catch(() => true)) break;
        await stream.writeSSE(messageOf(moved));
        await pause(AT_MOST_EVERY_MS, ended.signal);
      }
      end();
      stopped.removeEventListener("abort", stop);
    });
}

/** Empties `moved`. */
function messageOf(moved: Set<number>) {
  const ids = [...moved];
  moved.clear();
  if (ids.length === 0) return { event: "still", data: "" };
  return {
    event: "moved",
    data: ids.includes(MISSED) || ids.length > MOST_NAMED ? "" : ids.join(","),
  };
}
