import { logFailure } from "../external/log/failure.ts";
import { type Log, withLog } from "../external/log/log.ts";

export type Logged = { log: Log };

export const logged = ({ log }: Logged, job: string) => (error: unknown) =>
  logFailure(log, "A job failed.", error, { job });

/** Runs a job's work with the job's log, and without the id of a request that woke it. */
export const asJob = <T>({ log }: Logged, work: () => T): T => withLog({ log }, work);
