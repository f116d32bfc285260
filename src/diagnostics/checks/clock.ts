import { dateOf } from "../../external/date.ts";
import { clockOf } from "../../external/postgres/condition.ts";
import { type Check, type Context, failed, inTime, ok, warning } from "../check.ts";

/** Date headers have whole seconds. */
const MOST_SECONDS = 10;
/** Slack refuses a request whose time is further off. */
const FAR_SECONDS = 300;

type Clock = [name: string, read: () => Promise<number | undefined>];

export const clock: Check = {
  name: "Clock",
  group: "clock",
  docs: "clock",
  needs: ["Database"],
  async run(context, signal) {
    const now = context.diagnosis.now ?? Date.now;
    const read = await Promise.all(
      clocksOf(context, signal).map(async ([name, read]) => {
        const before = now();
        const theirs = await read();
        if (theirs === undefined) return [];
        return [{ name, off: ((before + now()) / 2 - theirs) / 1000 }];
      }),
    );
    const all = read.flat();
    const names = all.map(({ name }) => name).join(", ");
    const worst = all.toSorted((a, b) => Math.abs(b.off) - Math.abs(a.off))[0]!;
    const seconds = Math.abs(worst.off);
    if (seconds <= MOST_SECONDS) return ok(`This machine's clock agrees with that of ${names}.`);
    const make = seconds > FAR_SECONDS ? failed : warning;
    return make(
      `This machine's clock is ${inTime(seconds)} ${
        worst.off > 0 ? "ahead of" : "behind"
      } that of ${worst.name}.`,
      "Compare both with `timedatectl`, and turn on time synchronization (chrony or systemd-timesyncd) on the one that is off.",
    );
  },
};

function clocksOf({ db, outside }: Context, signal: AbortSignal): Clock[] {
  const { grafana, slack_token, slack_api_url } = outside;
  return [
    ["the database", () => clockOf(db)],
    ...grafana ? [["Grafana", () => dateOf(`${grafana.base}/api/health`, signal)] as Clock] : [],
    ...slack_token ? [["Slack", () => dateOf(`${slack_api_url}/api.test`, signal)] as Clock] : [],
  ];
}
