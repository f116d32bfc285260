import { pause } from "../external/abort.ts";
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import type { Events, Moved } from "../external/events.ts";
import { type Env, mayChange, maySee, type Who } from "../who.ts";

const KEEP_ALIVE_MS = 25_000;
/** Rows move in bursts; a page gets at most one event of a kind in this time. */
const AT_MOST_EVERY_MS = 500;
/** Where more moved at once, all that is shown is fetched instead. */
const MOST_NAMED = 20;
/** In place of the ids of events that were missed. */
const MISSED = 0;

/** The event of a page, and the ids in its data: of dashboards, of users whose steps moved. */
const NAMES = { dashboard: "moved", workspace: "steps", waiting: "waiting" } as const;
type Kept = Map<Moved["what"], Set<number>>;

const isFor = (who: Who, event: Moved) =>
  event.what === "workspace" ? mayChange(who, event) : maySee(who, event);

/** What the caller has not been sent yet; `wake` is called when that is something. */
function listen(events: Events, who: Who, wake: () => void) {
  const kept: Kept = new Map();
  const keep = (what: Moved["what"], id: number) => {
    kept.set(what, (kept.get(what) ?? new Set()).add(id));
    wake();
  };
  const end = events.subscribe((event) => {
    if (isFor(who, event)) keep(event.what, event.what === "dashboard" ? event.id : event.user_id);
  }, () => {
    for (const what of Object.keys(NAMES) as Moved["what"][]) keep(what, MISSED);
  });
  return { kept, end };
}

/**
 * Sends the ids of the caller's dashboards that moved, none where events were missed, and so on. Ends with
 * the session.
 */
export function liveEvents(
  events: Events,
  stopped: AbortSignal,
  session: (c: Context) => Promise<unknown>,
) {
  return (c: Context<Env>) =>
    streamSSE(c, async (stream) => {
      let waiting = new AbortController();
      const ended = new AbortController();
      const { kept, end } = listen(events, c.var.who, () => waiting.abort());
      const stop = () => {
        end();
        waiting.abort();
        ended.abort();
      };
      stream.onAbort(stop);
      stopped.addEventListener("abort", stop);
      while (!stream.aborted && !stopped.aborted) {
        waiting = new AbortController();
        if (kept.size === 0) await pause(KEEP_ALIVE_MS, waiting.signal);
        if (stream.aborted || stopped.aborted) break;
        if (!await withDeadline(DEADLINES.call, () => session(c)).catch(() => true)) break;
        for (const message of messagesOf(kept)) await stream.writeSSE(message);
        await pause(AT_MOST_EVERY_MS, ended.signal);
      }
      end();
      stopped.removeEventListener("abort", stop);
    });
}

/** Empties `kept`. */
function messagesOf(kept: Kept) {
  const messages = [...kept].map(([what, ids]) => ({
    event: NAMES[what],
    data: ids.has(MISSED) || ids.size > MOST_NAMED ? "" : [...ids].join(","),
  }));
  kept.clear();
  return messages.length > 0 ? messages : [{ event: "still", data: "" }];
}
