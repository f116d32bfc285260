import { pause } from "../external/abort.ts";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { Events } from "../external/events.ts";
import type { Env } from "../who.ts";

const KEEP_ALIVE_MS = 25_000;
/** Rows move in bursts; a page gets at most one event in this time. */
const AT_MOST_EVERY_MS = 500;
/** Where more moved at once, the list is fetched instead. */
const MOST_NAMED = 20;

/** Sends the ids of the caller's dashboards that moved; none where events were missed. */
export function liveEvents(events: Events, stopped: AbortSignal) {
  return (c: Context<Env>) =>
    streamSSE(c, async (stream) => {
      const { role, user_id } = c.var.who;
      const moved = new Set<number>();
      let missed = false;
      let waiting = new AbortController();
      const ended = new AbortController();
      const end = events.subscribe((event) => {
        if (role !== "admin" && event.user_id !== user_id) return;
        moved.add(event.id);
        waiting.abort();
      }, () => {
        missed = true;
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
        if (!missed && moved.size === 0) await pause(KEEP_ALIVE_MS, waiting.signal);
        if (stream.aborted || stopped.aborted) break;
        const event = missed || moved.size > 0 ? "moved" : "still";
        const data = missed || moved.size > MOST_NAMED ? "" : [...moved].join(",");
        missed = false;
        moved.clear();
        await stream.writeSSE({ event, data });
        await pause(AT_MOST_EVERY_MS, ended.signal);
      }
      end();
      stopped.removeEventListener("abort", stop);
    });
}
