import { orAborted } from "../abort.ts";
import type { Running } from "./process.ts";

type Used = Running & { open: number; opened: number };

/** One browser for all pages; a new one after `mostPages`, or when it has ended. */
export function shareBrowser(start: () => Promise<Running>, mostPages: number) {
  const all = new Set<Used>();
  let current: Promise<Used> | undefined;

  async function open(): Promise<Used> {
    let used: Used;
    try {
      used = { ...await start(), open: 0, opened: 0 };
    } catch (error) {
      current = undefined;
      throw error;
    }
    all.add(used);
    const mine = current;
    used.driver.once("disconnected", () => {
      if (current === mine) current = undefined;
      used.end().finally(() => all.delete(used));
    });
    return used;
  }

  return {
    async use<T>(signal: AbortSignal, work: (browser: Running) => Promise<T>): Promise<T> {
      const mine = current ??= open();
      const used = await orAborted(mine, signal);
      used.open++;
      if (++used.opened >= mostPages && current === mine) current = undefined;
      try {
        return await work(used);
      } finally {
        used.open--;
        if (used.open === 0 && used.opened >= mostPages) await used.end();
      }
    },
    async end() {
      await current?.catch(() => undefined);
      await Promise.all([...all].map(({ end }) => end()));
    },
  };
}
