import { DEADLINES, withDeadline } from "../../external/postgres/deadlines.ts";
import { expose, type Reading } from "../../external/metrics/metrics.ts";
import { readProcess } from "../../external/metrics/process.ts";
import { type Deps, type Source, SOURCES } from "./readings.ts";
import { sizesSource } from "./sizes.ts";

/** Reads all metrics; calls at the same time share one reading. What cannot be read has no value. */
export function makeScrape(deps: Deps, mostUsers?: number): () => Promise<string> {
  const sources = [...SOURCES, sizesSource(mostUsers)];
  let running: Promise<string> | undefined;
  return () =>
    running ??= (async () => {
      const read = sources.map((source) => readingsOf(source, deps));
      return await expose((await Promise.all([...read, readProcess()])).flat());
    })().finally(() => running = undefined);
}

async function readingsOf({ metrics, read }: Source, deps: Deps): Promise<Reading[]> {
  const values = await withDeadline(DEADLINES.scrape, () => read(deps)).catch(() => []);
  return metrics.map((metric, i) => ({ ...metric, values: values[i] ?? [] }));
}
