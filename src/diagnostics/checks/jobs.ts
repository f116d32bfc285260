import { lastTicks } from "../store.ts";
import { type Check, failed, inTime, ok } from "../check.ts";

/** Each job starts once a minute, and skips a minute while it still runs. */
const MOST_SECONDS = 300;
const FIX =
  "Restart the service. If it happens again, look for the job's name in its log and report it.";

export const jobs: Check = {
  name: "Jobs",
  group: "jobs",
  docs: "jobs",
  needs: ["Database migrations", "Service"],
  async run({ db }) {
    const ticks = await lastTicks(db);
    const [newest] = ticks;
    if (!newest) return failed("No job has ever run.", FIX);
    const late = ticks.filter(({ seconds }) => seconds > MOST_SECONDS);
    if (late.length === 0) {
      return ok(
        `All ${ticks.length} jobs run; the last one started ${inTime(newest.seconds)} ago.`,
      );
    }
    if (late.length === ticks.length) {
      return failed(`No job has started for ${inTime(newest.seconds)}.`, FIX);
    }
    const names = late.map(({ job, seconds }) => `"${job}" for ${inTime(seconds)}`);
    return failed(`Not started: ${names.join(", ")}.`, FIX);
  },
};
