import type { Sql } from "../external/postgres/postgres.ts";

/** More at once would be smaller ones: the disk takes one flush after the other. */
const MOST_STATEMENTS = 2;
const MOST_QUESTIONS = 100;

type Asked<Q, A> = { question: Q } & PromiseWithResolvers<A>;

/**
 * Makes of a statement that answers many questions, in their order, a function that answers one: what is
 * asked while `MOST_STATEMENTS` are under way gathers for the next one, so that one commit, one flush to the
 * disk, serves many. No statement answers what was asked after it began; one that fails fails for all of
 * its questions.
 */
export function together<Q, A>(ask: (db: Sql, questions: Q[]) => Promise<A[]>) {
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
