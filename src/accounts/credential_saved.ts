import { openValue } from "../credentials/credentials.ts";
import { baseOf, mayContact } from "../credentials/hosts.ts";
import { findCredential } from "../credentials/store.ts";
import { ExternalError } from "../errors.ts";
import { checkGrafana } from "../external/grafana/check.ts";
import { dropSteps, planAllSteps, planSteps } from "../grafana/store.ts";
import { grafanaOf, lacking } from "../grafana/grafana.ts";
import { runSteps } from "./steps.ts";
import { findWorkspace } from "../workspaces/store.ts";
import type { Deps } from "../workspaces/workspaces.ts";
import { restartForKey } from "../pipeline/row.ts";

/** What whoever saves a key waits for, at most. */
const LIMIT_MS = 5_000;

/**
 * A user's credential was saved, rolled back or removed (`key_value` is undefined). One of Grafana's is
 * tried, and sets going what had stopped for the old one. Returns what is amiss, as sentences; throws
 * nothing, for it is saved.
 */
export async function onCredentialChanged(
  deps: Deps,
  user_id: number,
  key_name: string,
  key_value?: string,
): Promise<string[]> {
  if (key_name !== "GRAFANA_BASE_URL" && key_name !== "GRAFANA_API_KEY") return [];
  try {
    // Where the address is not used, its key is not either.
    const address = key_name === "GRAFANA_BASE_URL" ? key_value : undefined;
    const refused = addressWarning(deps, address ?? await addressOf(deps, user_id));
    const warnings = refused ? [refused] : await keyWarnings(deps, user_id);
    if (await hasGrafana(deps, user_id)) await planSteps(deps.db, user_id);
    await restartForKey(deps.db, user_id);
    const workspace = await findWorkspace(deps.db, user_id);
    // What is amiss now would be amiss again: the job tries it later.
    if (workspace && warnings.length === 0) {
      await runSteps(deps, user_id, workspace.username, { grafanaMs: LIMIT_MS });
    }
    return warnings;
  } catch (error) {
    deps.log(`grafana: a saved ${key_name}: ${error instanceof Error ? error.name : "unknown"}`);
    return ["It is saved, but could not be tried."];
  }
}

async function addressOf(deps: Deps, user_id: number) {
  const row = await findCredential(deps.db, user_id, "GRAFANA_BASE_URL");
  return row && !row.expired ? await openValue(deps, user_id, row) : undefined;
}

/** Whether there is a Grafana for the user, be its key known or not. */
function hasGrafana(deps: Deps, user_id: number): Promise<boolean> {
  return grafanaOf(deps, user_id).then((place) => place !== undefined, () => true);
}

function addressWarning({ outside }: Deps, text: string | undefined): string | undefined {
  if (text === undefined) return undefined; // removed
  const base = baseOf(text);
  if (!base) return "This is not an http(s) address: it is not used.";
  if (mayContact(outside, base)) return undefined;
  const { hostname } = new URL(base);
  return `The host ${hostname} is not contacted, so this is not used: an admin may add it to ALLOWED_HOSTS.`;
}

async function keyWarnings(deps: Deps, user_id: number): Promise<string[]> {
  try {
    const place = await grafanaOf(deps, user_id);
    if (!place) return ["There is no GRAFANA_BASE_URL to use this key with."];
    const signal = AbortSignal.timeout(LIMIT_MS);
    const { missing } = await checkGrafana(place.grafana.login, signal);
    return missing.length > 0 ? [lacking(missing)] : [];
  } catch (error) {
    if (error instanceof ExternalError) return [error.message];
    if (!(error instanceof DOMException)) throw error;
    return ["Grafana has not answered in time: the key is not tried yet."];
  }
}

/** At a start the configured Grafana, or its key, may be another one than before. */
export async function planDefaultGrafana({ db, outside }: Deps): Promise<void> {
  if (outside.grafana) await planAllSteps(db, outside.grafana.base);
  else await dropSteps(db);
  await restartForKey(db);
}
