/** Paths that are remembered; more are taken for new ones. 40 bytes each. */
const REMEMBERED = 250_000;

/** Finds paths that an earlier section of the file has as well, by 53 bits of their content. */
export class Repeats {
  readonly #sections = new Map<number, number>();

  /** Whether an earlier section has it. Within a section each counts. */
  has(content: string, section: number): boolean {
    const key = hash(content);
    const first = this.#sections.get(key);
    if (first !== undefined) return first !== section;
    if (this.#sections.size < REMEMBERED) this.#sections.set(key, section);
    return false;
  }
}

/** Two multiplicative hashes of 32 bits. */
function hash(text: string): number {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x5bd1e995) + 1;
  }
  return (a >>> 11) * 2 ** 32 + (b >>> 0);
}
