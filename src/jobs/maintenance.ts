import { applyLogins } from "../accounts/change.ts";
import { planDefaultGrafana } from "../accounts/credentials.ts";
import { finishPasswords } from "../accounts/database_password.ts";
import { checkWorkspaces } from "../accounts/maintenance/check.ts";
import { finishRemovals } from "../accounts/remove.ts";
import { finishWorkspaces } from "../accounts/steps.ts";
import { pause } from "../external/abort.ts";
import { finishGrafanaRemovals } from "../pipeline/removal.ts";
import { refreshMessages } from "../pipeline/notify/refresh.ts";
import { nextDue } from "../retries/store.ts";
import { finishCalls } from "../slack/inbox.ts";
import { nextStepTry } from "../workspaces/store.ts";
import { asJob, type Logged, logged } from "./log.ts";

/** Deno.cron skips a minute while the previous run is still active. */
const LONGEST_MS = 50_000;

const PARTS = [
  finishWorkspaces,
  finishRemovals,
  finishPasswords,
  finishGrafanaRemovals,
  checkWorkspaces,
  applyLogins,
  finishCalls,
  refreshMessages,
];

type Deps =
  & Logged
  & Parameters<typeof planDefaultGrafana>[0]
  & Parameters<typeof finishWorkspaces>[0]
  & Parameters<typeof finishGrafanaRemovals>[0]
  & Parameters<typeof checkWorkspaces>[0]
  & Parameters<typeof finishCalls>[0]
  & Parameters<typeof refreshMessages>[0];

/** Retries unfinished workspace steps, removals and passwords, and runs the daily drift check. */
export function startMaintenance(deps: Deps, signal: AbortSignal): () => Promise<void> {
  const log = logged(deps, "workspaces");
  let isPlanned = false;
  return async () => {
    const until = Date.now() + LONGEST_MS;
    isPlanned ||= await planDefaultGrafana(deps).then(() => true, logged(deps, "grafana")) === true;
    do {
      for (const part of PARTS) await asJob(deps, () => part(deps, signal)).catch(log);
      const waits = await Promise.all([nextStepTry(deps.db), nextDue(deps.db)]).catch(log);
      const ms = Math.min(...(waits ?? []).map((wait) => wait ?? Infinity));
      if (Date.now() + ms > until) return;
      await pause(Math.max(ms, 1000), signal);
    } while (!signal.aborted);
  };
}
