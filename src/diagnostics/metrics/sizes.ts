import { within } from "../../external/abort.ts";
import { DEADLINES, withDeadline } from "../../external/postgres/deadlines.ts";
import { workspaceSizes } from "../../workspaces/sizes.ts";
import type { Deps, Source, Values } from "./readings.ts";

type Sized = Awaited<ReturnType<typeof workspaceSizes>>;

/** A database takes about a millisecond to size: of 3,000 no scrape waits for an answer. */
const KEPT_MS = 300_000;
const WAIT_MS = 1_000;
export const MOST_USERS = 100;

/** The sizes of the largest users' databases, asked at most every five minutes and kept meanwhile. */
export function sizesSource(mostUsers = MOST_USERS): Source {
  const known = new Map<string, Sized>();
  let asked: Promise<unknown> = Promise.resolve();
  let askAt = -Infinity;

  function ask({ db, servers }: Deps) {
    askAt = performance.now() + KEPT_MS;
    asked = withDeadline(DEADLINES.job, () =>
      Promise.all(servers.all.map(async (server) => {
        known.set(server.name, await workspaceSizes(db, server));
      }))).catch(() => askAt = 0);
  }

  return {
    metrics: [{
      name: "dashkeeper_workspace_bytes",
      help:
        `Size of the databases of the ${mostUsers} users with the largest, by user and kind; up to five minutes old.`,
    }],
    async read(deps) {
      if (performance.now() >= askAt) ask(deps);
      await within(WAIT_MS, asked);
      const largest = [...known.values()].flat().sort((a, b) => b.bytes - a.bytes)
        .slice(0, mostUsers);
      return [
        largest.flatMap(({ username, kinds }) =>
          kinds.map(({ kind, bytes }): Values[number] => [bytes, { username, kind }])
        ),
      ];
    },
  };
}
