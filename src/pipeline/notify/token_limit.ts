/** One row uploads while the other is posted. */
const MOST_ROWS = 2;

/**
 * The rows that this process works on with each Slack token: a token that hangs holds few workers, and the
 * rows of other tokens go on.
 */
export class TokenLimit {
  readonly #rows = new Map<string, number>();
  readonly #tokenOf = new Map<number, string>();

  /** The users whose token takes no further row now. */
  busyUsers(): number[] {
    return [...this.#tokenOf].filter(([, token]) => this.#isBusy(token)).map(([user_id]) =>
      user_id
    );
  }

  /** False: the token takes no further row now. True: leave() ends it. */
  enter(user_id: number, token_hash: string): boolean {
    this.#tokenOf.set(user_id, token_hash);
    if (this.#isBusy(token_hash)) return false;
    this.#rows.set(token_hash, (this.#rows.get(token_hash) ?? 0) + 1);
    return true;
  }

  leave(token_hash: string): void {
    const left = (this.#rows.get(token_hash) ?? 0) - 1;
    if (left > 0) this.#rows.set(token_hash, left);
    else this.#rows.delete(token_hash);
  }

  #isBusy(token_hash: string): boolean {
    return (this.#rows.get(token_hash) ?? 0) >= MOST_ROWS;
  }
}
