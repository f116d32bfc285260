import type { Sql } from "../external/postgres/postgres.ts";

/** More at once would be smaller ones: the disk takes one flush after the other. */
const MOST_STATEMENTS = 2;
const MOST_QUESTIONS = 100;

type Asked<Q, A> = { question: Q } & PromiseWithResolvers<A>;

/**
 * Turns a statement that answers many questions, in their order, into a function for one question. Questions
 * asked while `MOST_STATEMENTS` are under way share the next commit; a failed statement fails all of its own.
 */
export function inBatches<Q, A>(ask: (db: Sql, questions: Q[]) => Promise<A[]>) {
  const queues = new WeakMap<Sql, { asked: Asked<Q, A>[]; under_way: number }>();
  async function next(db: Sql) {
    const queue = queues.get(db)!;
    if (queue.under_way === MOST_STATEMENTS || queue.asked.length === 0) return;
    const batch = queue.asked.splice(0, MOST_QUESTIONS);
    queue.under_way++;
    try {
      const answers = await ask(db, batch.map(({ question }) => question));
      batch.forEach(({ resolve }, i) => resolve(answers[i]!));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    queue.under_way--;
    next(db);
  }
  return (db: Sql, question: Q): Promise<A> => {
    if (!queues.has(db)) queues.set(db, { asked: [], under_way: 0 });
    const asked = { question, ...Promise.withResolvers<A>() };
    queues.get(db)!.asked.push(asked);
    next(db);
    return asked.promise;
  };
}
