import { logFailure } from "../external/log/failure.ts";
import type { Log } from "../external/log/log.ts";

export type Logged = { log: Log };

export const logged = ({ log }: Logged, job: string) => (error: unknown) =>
  logFailure(log, "A job failed.", error, { job });
