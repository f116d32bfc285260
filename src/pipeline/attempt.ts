import { ExternalError } from "../errors.ts";
import { pause } from "../external/abort.ts";
import { asExternal, type Db, isUnavailable } from "../external/postgres/postgres.ts";
import { type Claim, release, renew, setBack } from "./row.ts";

const MOST_DEATHS = 10;
/** A third of the lease: two renewals may fail. */
const RENEW_MS = 10_000;

/** Runs a step while the claim holds and records a failure on the row. Rethrows everything but ExternalError. */
export async function attempt(
  db: Db,
  claim: Claim,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (claim.deaths >= MOST_DEATHS) {
    const why =
      `The worker crashed ${claim.deaths} times on this table. Check the log, then press Retry.`;
    return await setBack(db, claim, why, { stop: true, code: "crashed" });
  }
  try {
    await holding(() => renew(db, claim), signal, work);
  } catch (thrown) {
    if (signal.aborted) return await release(db, claim);
    const putBack: typeof setBack = (...row) => persistently(row, () => setBack(...row));
    if (thrown instanceof ClaimLost) return;
    const error = asExternal(thrown);
    if (!(error instanceof ExternalError)) {
      await putBack(db, claim, "Unexpected error. Check the log.", { stop: false });
      throw error;
    }
    const { message, permanent: stop, more } = error;
    const { retryAfterSeconds: after, code } = more;
    await putBack(db, claim, message, { stop, after, code });
  }
}

/** Keeps a claim by `renew` during the work, which ends in ClaimLost once that returns false. */
export async function holding<T>(
  renew: () => Promise<boolean>,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const heartbeat = setInterval(async () => {
    if (!await renew().catch(() => true)) lost.abort();
  }, RENEW_MS);
  try {
    return await work(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    throw lost.signal.aborted && !signal.aborted ? new ClaimLost() : error;
  } finally {
    clearInterval(heartbeat);
  }
}

const LEASE_MS = 30_000;
const RETRY_MS = 500;

/** Releases the row once the database is back: a lease that expires would count as a crash. */
async function persistently([db, claim]: Parameters<typeof setBack>, write: () => Promise<void>) {
  const end = performance.now() + LEASE_MS;
  try {
    return await write();
  } catch (error) {
    if (!isUnavailable(error)) throw error;
  }
  while (performance.now() < end) {
    await pause(RETRY_MS);
    const away = await release(db, claim).then(() => false, isUnavailable);
    if (!away) return;
  }
}

/** Thrown in a step's last transaction when another worker has the row. */
export class ClaimLost extends Error {}
