/** Lets at most `most` pieces of work run at a time; the others wait for their turn, first come first. */
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
