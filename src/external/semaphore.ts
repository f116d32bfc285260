/** Runs at most `most` pieces of work at a time, first in, first out. */
export function limitConcurrency(most: number) {
  let busy = 0;
  const queue: (() => void)[] = [];
  return async function withPermit<T>(work: () => Promise<T>): Promise<T> {
    if (busy < most) busy++;
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else busy--;
    }
  };
}
