import {
  oldestWaiting,
  retriedRows,
  stoppedMessages,
  stoppedRows,
} from "../../pipeline/queue_store.ts";
import { type Check, counted, failed, type Family, inTime, ok, warning } from "../check.ts";
import { fixOf, NAMES } from "./causes.ts";

const LATE_SECONDS = 300;
const TOO_LATE_SECONDS = 900;

const waiting: Check = {
  name: "Waiting rows",
  group: "queue",
  docs: "waiting-rows",
  needs: ["Database migrations"],
  async run({ db }) {
    const steps = await oldestWaiting(db);
    const oldest = steps.toSorted((a, b) => b.seconds - a.seconds)[0];
    if (!oldest) return ok("No row is waiting.");
    const all = steps.map(({ step, rows }) => `${rows} at ${step}`).join(", ");
    const message = `The oldest waiting row has been at ${oldest.step} for ${
      inTime(oldest.seconds)
    } (waiting: ${all}).`;
    if (oldest.seconds <= LATE_SECONDS) return ok(message);
    const make = oldest.seconds > TOO_LATE_SECONDS ? failed : warning;
    return make(message, FIXES[oldest.step]!);
  },
};

const FIXES: Record<string, string> = {
  create:
    'See the checks "Database", "Grafana" and "Jobs", and the row\'s page for its last error.',
  capture: 'See the checks "Browser" and "Jobs", and the row\'s page for its last error.',
  notify: 'See the checks "Slack" and "Jobs", and the row\'s page for its last error.',
};

const retried: Check = {
  name: "Failing rows",
  group: "queue",
  docs: "waiting-rows",
  needs: ["Database migrations"],
  async run({ db }) {
    const { rows, most, step, last_error } = await retriedRows(db);
    if (rows === 0) return ok("No row is being retried after a failure.");
    const message = `${counted(rows, "row")} retried after a failure, one of them ${
      counted(most, "time")
    } at ${step}: ${last_error ?? "unknown error"}`;
    return warning(message, `${FIXES[step]!} Retries go on by themselves.`);
  },
};

/** Rows that wait for a person: one check for each cause. */
const stopped: Family = {
  name: "Stopped rows",
  group: "queue",
  docs: "stopped-rows",
  needs: ["Database migrations"],
  async list({ db }) {
    const causes = await stoppedRows(db);
    const same = { group: "queue", docs: "stopped-rows" } as const;
    if (causes.length === 0) {
      return [{
        name: "Stopped rows",
        ...same,
        run: () => Promise.resolve(ok("No row is stopped.")),
      }];
    }
    return causes.map(({ code, step, rows, users, last_error }): Check => ({
      name: `Stopped rows: ${code ?? "other"} at ${step}`,
      ...same,
      run() {
        const whose = users.join(", ");
        const what = code ? NAMES[code] ?? "" : "";
        const message = `${counted(rows, "row")} stopped at ${step} (of ${whose})${
          what && `: ${what}`
        }. The last error: ${last_error ?? "none"}`;
        return Promise.resolve(warning(message, fixOf(code)));
      },
    }));
  },
};

const messages: Check = {
  name: "Lists and digests",
  group: "queue",
  docs: "stopped-rows",
  needs: ["Database migrations"],
  async run({ db }) {
    const stopped = await stoppedMessages(db);
    if (!stopped) return ok("Slack refused no list of new tables and no digest in the last day.");
    const { messages, code, last_error } = stopped;
    const message = `${
      counted(messages, "message")
    } of several tables (lists, digests) not posted in the last day. The last error: ${last_error}`;
    return warning(message, fixOf(code));
  },
};

export const queue: (Check | Family)[] = [waiting, retried, stopped, messages];
