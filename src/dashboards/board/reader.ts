import { AppError } from "../../errors.ts";
import type { Db, Sql } from "../../external/postgres/postgres.ts";
import type { Kind } from "../../workspaces/names.ts";
import { withReader } from "../../workspaces/reader.ts";
import type { Deps } from "../../workspaces/reader.ts";

/** Returns whether the reader can be reused. */
type Job = { run(reader: Sql): Promise<boolean>; fail(error: unknown): void };
/** By database: waiting jobs, waiting readers, and the number of open readers. */
type Queue = { jobs: Job[]; idle: ((job: Job) => void)[]; readers: number };

/** A browser has six requests open; on two cores, more logins cost more than they save. */
const MOST_READERS = 3;
/** A browser sends its next request within 10 ms of a response. */
const IDLE_MS = 50;

const queues = new WeakMap<Db, Map<string, Queue>>();

function queueOf(db: Db, name: string): Queue {
  if (!queues.has(db)) queues.set(db, new Map());
  const all = queues.get(db)!;
  if (!all.has(name)) all.set(name, { jobs: [], idle: [], readers: 0 });
  return all.get(name)!;
}

/** Like withReader(), but reuses readers for the twenty queries of a page: a login costs 27 ms, most queries 2 ms. */
export function withSharedReader<T>(
  deps: Deps,
  user_id: number,
  kind: Kind,
  work: (reader: Sql) => Promise<T>,
): Promise<T> {
  const queue = queueOf(deps.db, `${user_id} ${kind}`);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const run = async (reader: Sql) => {
    try {
      resolve(await work(reader));
      return true;
    } catch (error) {
      reject(error);
      // A refused query does not affect the reader.
      return error instanceof AppError;
    }
  };
  const job = { run, fail: reject };
  const take = queue.idle.pop();
  if (take) {
    take(job);
  } else {
    queue.jobs.push(job);
    if (queue.readers < MOST_READERS) serve(deps, user_id, kind, queue);
  }
  return promise;
}

async function serve(deps: Deps, user_id: number, kind: Kind, queue: Queue) {
  queue.readers++;
  let job: Job | undefined;
  try {
    await withReader(deps, user_id, kind, async (reader) => {
      do job = queue.jobs.shift() ?? await nextJob(queue); while (await job?.run(reader));
    });
  } catch (error) {
    (job ?? queue.jobs.shift())?.fail(error);
  }
  queue.readers--;
  if (queue.jobs.length > 0 && queue.readers < MOST_READERS) serve(deps, user_id, kind, queue);
}

/** Undefined when no job arrives in time. */
function nextJob({ idle }: Queue): Promise<Job | undefined> {
  const { promise, resolve } = Promise.withResolvers<Job | undefined>();
  const timer = setTimeout(() => {
    idle.splice(idle.indexOf(take), 1);
    resolve(undefined);
  }, IDLE_MS);
  const take = (job: Job) => {
    clearTimeout(timer);
    resolve(job);
  };
  idle.push(take);
  return promise;
}
