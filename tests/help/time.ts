/** A signal that never fires. */
export const never = new AbortController().signal;

/** Asks every 5 ms until it is so; throws after 5 s. */
export async function until(
  so: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = Date.now() + 5000;
  while (!await so()) {
    if (Date.now() > end) {
      throw new Error("It did not come to that within 5 s.");
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
