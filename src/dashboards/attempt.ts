import { ExternalError } from "../errors.ts";
import { asExternal, type Db } from "../external/postgres.ts";
import { type Claim, release, renew, setBack } from "./store.ts";

const MOST_DEATHS = 10;
/** A third of the lease: two renewals may fail before it runs out. */
const RENEW_MS = 10_000;

/**
 * Runs one step's work while it keeps the claim; a failure is written on the row, where the page shows
 * it. What is not an outside system's failure is thrown on as well, for the log.
 */
export async function attempt(
  db: Db,
  claim: Claim,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (claim.deaths >= MOST_DEATHS) {
    const why = `The work on this table died ${claim.deaths} times: see the log, then press Retry.`;
    return await setBack(db, claim, why, { stop: true });
  }
  const lost = new AbortController();
  const heartbeat = setInterval(async () => {
    if (!await renew(db, claim).catch(() => true)) lost.abort();
  }, RENEW_MS);
  try {
    await work(AbortSignal.any([signal, lost.signal]));
  } catch (thrown) {
    if (signal.aborted) return await release(db, claim);
    if (lost.signal.aborted || thrown instanceof ClaimLost) return;
    const error = asExternal(thrown);
    if (!(error instanceof ExternalError)) {
      await setBack(db, claim, "Unexpected error: see the log.", { stop: false });
      throw error;
    }
    const { message, permanent: stop, more } = error;
    const { retryAfterSeconds: after, code } = more;
    await setBack(db, claim, message, { stop, after, code });
  } finally {
    clearInterval(heartbeat);
  }
}

/** Thrown inside a step's last transaction when the row is somebody else's by now. */
export class ClaimLost extends Error {}
