import type { Sql } from "./postgres.ts";

/** A dashboard's row has moved. */
export type Moved = { id: number; user_id: number; step: string };
export type News = {
  /** Returns what ends the subscription. */
  subscribe(listener: (event: Moved) => void): () => void;
  close(): Promise<void>;
};

/**
 * Listens to the rows' own news (LISTEN). What is notified while the connection is down is lost: whoever
 * listens must look by the clock as well.
 */
export async function listenToNews(db: Sql): Promise<News> {
  const listeners = new Set<(event: Moved) => void>();
  const { unlisten } = await db.listen("dashkeeper_dashboards", (text) => {
    const event: Moved = JSON.parse(text);
    for (const listener of listeners) listener(event);
  });
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => unlisten().catch(() => {}),
  };
}
