const WAIT_MS = 50;
const MOST = 500;

/** Collects items in order for 50 ms, 500 at most: a write costs as much as formatting five lines. */
export function makeBatch<T>(write: (items: T[]) => void) {
  let items: T[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (items.length === 0) return;
    const batch = items;
    items = [];
    write(batch);
  };
  const add = (item: T) => {
    if (items.push(item) >= MOST) flush();
    else timer ??= setTimeout(flush, WAIT_MS);
  };
  return { add, flush };
}
