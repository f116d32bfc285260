import { ExternalError } from "../errors.ts";
import { pause } from "../external/abort.ts";
import { asExternal, type Db, isUnavailable } from "../external/postgres/postgres.ts";
import { type Claim, release, renew, setBack } from "./row.ts";
import { logFailure } from "../external/log/failure.ts";
import { type Log, withLog } from "../external/log/log.ts";
import { stepSeconds } from "../external/metrics/metrics.ts";
import { type Span, traced } from "../external/trace/span.ts";

const MOST_DEATHS = 10;
/** A third of the lease: two renewals may fail. */
const RENEW_MS = 10_000;

type Deps = { db: Db; log: Log };
type Work = (signal: AbortSignal) => Promise<void>;

/** Runs a step while the claim holds and records a failure on the row. Rethrows everything but ExternalError. */
export async function attempt(
  { db, log }: Deps,
  claim: Claim,
  signal: AbortSignal,
  work: Work,
): Promise<void> {
  const { traceparent } = claim;
  const request_id = claim.request_id ?? undefined;
  const ended = stepSeconds.startTimer({ step: claim.step });
  await withLog(
    { log, request_id, traceparent },
    () => logged(log, claim, () => run(db, claim, signal, work)),
  ).finally(ended);
}

/** The lines of a step's attempt. */
async function logged(log: Log, claim: Claim, run: () => Promise<Failed | undefined>) {
  const { id: dashboard_id, step, run: number, username, kind, table_name } = claim;
  const row = { dashboard_id, step, run: number, username, kind, table_name };
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  log.debug(`Step ${step} begins.`, row);
  try {
    const failed = await run();
    if (!failed) log.info(`Step ${step} is done.`, { ...row, ms: ms() });
    else if (failed.error) {
      const { error } = failed;
      const what = error.permanent ? "failed and stopped" : "failed and is retried";
      logFailure(log, `Step ${step} ${what}.`, error, { ...row, ms: ms() });
    }
  } catch (error) {
    logFailure(log, `Step ${step} failed unexpectedly and is retried.`, error, {
      ...row,
      ms: ms(),
    });
    throw error;
  }
}

/** `error`: undefined where the row is left to another worker or a later start. */
type Failed = { error: ExternalError | undefined };

async function run(
  db: Db,
  claim: Claim,
  signal: AbortSignal,
  work: Work,
): Promise<Failed | undefined> {
  if (claim.deaths >= MOST_DEATHS) {
    const why =
      `The worker crashed ${claim.deaths} times on this table. Check the log, then press Retry.`;
    return await fail(db, claim, new ExternalError("PostgreSQL", why, true, { code: "crashed" }));
  }
  try {
    await traced(spanOf(claim), () => holding(() => renew(db, claim), signal, work));
  } catch (thrown) {
    if (signal.aborted) await release(db, claim);
    if (signal.aborted || thrown instanceof ClaimLost) return { error: undefined };
    const error = asExternal(thrown);
    if (error instanceof ExternalError) return await fail(db, claim, error);
    await putBack(db, claim, "Unexpected error. Check the log.", { stop: false });
    throw error;
  }
}

function spanOf({ id, run, step, kind, request_id }: Claim): Span {
  const row = { "dashkeeper.dashboard_id": id, "dashkeeper.run": run, "dashkeeper.kind": kind };
  const id_of_request = { "dashkeeper.request_id": request_id ?? undefined };
  return {
    name: `step ${step}`,
    attributes: { "dashkeeper.step": step, ...row, ...id_of_request },
  };
}

const putBack: typeof setBack = (...row) => persistently(row, () => setBack(...row));

async function fail(db: Db, claim: Claim, error: ExternalError): Promise<Failed> {
  const { message, permanent: stop, more: { retryAfterSeconds: after, code } } = error;
  await putBack(db, claim, message, { stop, after, code });
  return { error };
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
