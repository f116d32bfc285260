import type { Sql } from "../external/postgres/postgres.ts";
import type { Who } from "../who.ts";
import { type Deps, ok, type Result, warning } from "./check.ts";
import { grafana } from "./checks/grafana.ts";
import { database } from "./checks/servers.ts";
import { slack } from "./checks/slack.ts";
import { runChecks } from "./run.ts";

/** `none`: none is configured. */
export type System = { name: string; state: Result["state"] | "none"; message: string };
type Checked = { systems: System[]; until: number };

const KEPT_MS = 60_000;
const LIMITS = { eachMs: 4_000, allMs: 5_000 };
/** The first check of each says whether it answers. */
const FIRST = [database[0]!, grafana[0]!, slack[0]!];
const kept = new WeakMap<Sql, Promise<Checked>>();

/** Whether each system answers, asked once a minute at most. Members do not see addresses and reasons. */
export async function showSystems(deps: Deps, who: Who, now = Date.now()): Promise<System[]> {
  let known = await kept.get(deps.db);
  if (!known || known.until <= now) {
    const asked = ask(deps, now);
    kept.set(deps.db, asked);
    known = await asked;
  }
  if (who.role === "admin") return known.systems;
  return known.systems.map(({ name, state }) => ({
    name,
    state,
    message: state === "failed" ? "Does not work: an admin can see why." : "",
  }));
}

async function ask(deps: Deps, now: number): Promise<Checked> {
  const { checked } = await runChecks(deps, undefined, { ...LIMITS, checks: FIRST });
  const systems = FIRST.map(({ name }): System => {
    const found = checked.find((one) => one.name === name);
    const isThere = found && isConfigured(deps, name);
    return { name, state: isThere ? found.state : "none", message: found?.message ?? "" };
  });
  const { state, message } = browserState(deps);
  return { systems: [...systems, { name: "Browser", state, message }], until: now + KEPT_MS };
}

function isConfigured({ outside }: Deps, name: string): boolean {
  if (name === "Grafana") return outside.grafana !== undefined;
  return name !== "Slack" || outside.slack_token !== undefined;
}

/** What is known of it: a picture would start one. */
function browserState({ browser }: Deps): Result {
  const { state, message } = browser.state();
  if (state === "ready") return ok(message);
  return state === "installing"
    ? warning("A browser is being installed.", "")
    : { state: "failed", message, fix: "" };
}
