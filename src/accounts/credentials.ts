import type { z } from "@hono/zod-openapi";
import * as credentials from "../credentials/credentials.ts";
import { baseOf, mayContact, type Outside } from "../credentials/hosts.ts";
import { type Rollback, rollBack } from "../credentials/versions.ts";
import { ExternalError } from "../errors.ts";
import { checkGrafana } from "../external/grafana/check.ts";
import { warningsOf } from "../external/slack/slack.ts";
import { type Deps as GrafanaDeps, grafanaOf, lacking } from "../grafana/grafana.ts";
import { dropSteps, planAllSteps, planSteps } from "../grafana/steps.ts";
import { targetOf } from "../pipeline/notify/target.ts";
import { restartForKey, restartForSlack } from "../pipeline/row.ts";
import type { Who } from "../who.ts";
import { findWorkspace } from "../workspaces/store.ts";
import { type Deps, GRAFANA_WAIT_MS, runSteps } from "./steps.ts";
import { logFailure } from "../external/log/failure.ts";

type Saved = z.infer<typeof credentials.SavedCredential>;

/** As addCredential() of credentials/; `warnings` say what does not work with it. */
export async function addCredential(
  deps: Deps,
  who: Who,
  user_id: number,
  input: z.infer<typeof credentials.NewCredential>,
): Promise<Saved> {
  const row = await credentials.addCredential(deps, who, user_id, input);
  return await withWarnings(deps, user_id, row, input.key_value);
}

/** As changeCredential() of credentials/, with warnings. */
export async function changeCredential(
  deps: Deps,
  who: Who,
  user_id: number,
  key_name: string,
  input: z.infer<typeof credentials.NewValue>,
): Promise<Saved> {
  const row = await credentials.changeCredential(deps, who, user_id, key_name, input);
  return await withWarnings(deps, user_id, row, input.key_value);
}

/** As rollBack() of credentials/, with warnings. */
export async function rollBackCredential(
  deps: Deps,
  who: Who,
  user_id: number,
  key_name: string,
  input: z.infer<typeof Rollback>,
): Promise<Saved> {
  return await withWarnings(deps, user_id, await rollBack(deps, who, user_id, key_name, input));
}

/** As removeCredential() of credentials/. */
export async function removeCredential(deps: Deps, who: Who, user_id: number, key_name: string) {
  await credentials.removeCredential(deps, who, user_id, key_name);
  await applySaved(deps, user_id, key_name);
}

async function withWarnings<T extends { key_name: string }>(
  deps: Deps,
  user_id: number,
  row: T,
  key_value?: string,
): Promise<T & { warnings?: string[] }> {
  const warnings = await applySaved(deps, user_id, row.key_name, key_value);
  return warnings.length > 0 ? { ...row, warnings } : row;
}

/**
 * A credential of Grafana's is tried, and restarts what had stopped for the old one. Returns what does not
 * work, as sentences; throws nothing, for the credential is saved.
 */
async function applySaved(deps: Deps, user_id: number, key_name: string, key_value?: string) {
  if (key_name === "SLACK_BOT_TOKEN" || key_name === "SLACK_CHANNEL_ID") {
    await restartForSlack(deps.db, user_id);
    return await slackWarnings(deps, user_id);
  }
  if (key_name !== "GRAFANA_BASE_URL" && key_name !== "GRAFANA_API_KEY") return [];
  try {
    // Where the address is not used, its key is not either.
    const address = key_name === "GRAFANA_BASE_URL" ? key_value : undefined;
    const refused = addressWarning(
      deps,
      address ?? await credentials.valueOf(deps, user_id, "GRAFANA_BASE_URL"),
    );
    const warnings = refused ? [refused] : await keyWarnings(deps, user_id);
    if (await hasGrafana(deps, user_id)) await planSteps(deps.db, user_id);
    await restartForKey(deps.db, user_id);
    const workspace = await findWorkspace(deps.db, user_id);
    // With a warning the steps would fail: the job retries them later.
    if (workspace && warnings.length === 0) {
      await runSteps(deps, workspace, { grafanaMs: GRAFANA_WAIT_MS });
    }
    return warnings;
  } catch (error) {
    logFailure(deps.log, "A saved credential could not be tried.", error, { user_id, key_name });
    return ["It is saved, but could not be tried."];
  }
}

const SLACK_WAIT_MS = 5_000;

/** What does not work with the user's Slack, as sentences. Throws nothing. */
async function slackWarnings(deps: Deps, user_id: number): Promise<string[]> {
  try {
    const target = await targetOf({ ...deps, slack: { routes: [] } }, user_id, []);
    if (!target) return [];
    const signal = AbortSignal.timeout(SLACK_WAIT_MS);
    return warningsOf(await target.in(target.channel).inspect(signal));
  } catch (error) {
    if (error instanceof ExternalError) return [error.message];
    logFailure(deps.log, "A saved Slack credential could not be tried.", error, { user_id });
    return ["It is saved, but could not be tried."];
  }
}

/** Whether there is a Grafana for the user, be its key known or not. */
function hasGrafana(deps: GrafanaDeps, user_id: number): Promise<boolean> {
  return grafanaOf(deps, user_id).then((target) => target !== undefined, () => true);
}

function addressWarning(
  { outside }: { outside: Outside },
  text: string | undefined,
): string | undefined {
  if (text === undefined) return undefined; // removed
  const base = baseOf(text);
  if (!base) return "This is not an http(s) address: it is not used.";
  if (mayContact(outside, base)) return undefined;
  const { hostname } = new URL(base);
  return `The host ${hostname} is not contacted, so this is not used: an admin may add it to ALLOWED_HOSTS.`;
}

async function keyWarnings(deps: GrafanaDeps, user_id: number): Promise<string[]> {
  try {
    const target = await grafanaOf(deps, user_id);
    if (!target) return ["There is no GRAFANA_BASE_URL to use this key with."];
    const signal = AbortSignal.timeout(GRAFANA_WAIT_MS);
    const { missing } = await checkGrafana(target.grafana.login, signal);
    return missing.length > 0 ? [lacking(missing)] : [];
  } catch (error) {
    if (error instanceof ExternalError) return [error.message];
    if (!(error instanceof DOMException)) throw error;
    return ["Grafana has not answered in time: the key is not tried yet."];
  }
}

/** At a start the configured Grafana, or its key, may be another one than before. */
export async function planDefaultGrafana(
  { db, outside }: Pick<Deps, "db" | "outside">,
): Promise<void> {
  if (outside.grafana) await planAllSteps(db, outside.grafana.base);
  else await dropSteps(db);
  await restartForKey(db);
}
