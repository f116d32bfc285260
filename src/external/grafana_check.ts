import { z } from "zod";
import { ExternalError } from "../errors.ts";

const LIMIT_MS = 10_000;

/** What Dashkeeper does in a Grafana, by the names of Grafana's own permissions. */
const NEEDED = [
  ...["datasources:create", "datasources:read", "datasources:write", "datasources:delete"],
  ...["datasources:query", "folders:create", "folders:read", "folders:write", "folders:delete"],
  ...["folders.permissions:write", "dashboards:create", "dashboards:read", "dashboards:write"],
  "dashboards:delete",
];

const Organisation = z.object({ name: z.string() });
const Permissions = z.record(z.string(), z.array(z.string()));

/**
 * Whether Grafana takes the key, in which organisation, and which permissions it lacks. Throws
 * ExternalError where Grafana does not answer, or refuses: by its words, for a revoked key answers 500.
 */
export async function checkGrafana(base_url: string, key: string, signal: AbortSignal) {
  const { name } = Organisation.parse(await ask(base_url, "/api/org", key, signal));
  const granted = Permissions.parse(
    await ask(base_url, "/api/access-control/user/permissions", key, signal),
  );
  return { organisation: name, missing: NEEDED.filter((permission) => !granted[permission]) };
}

/** Whether there is a Grafana at the address, and its version. Takes no key. */
export async function checkGrafanaAddress(base_url: string, signal: AbortSignal) {
  const health = z.object({ version: z.string().optional() });
  return health.parse(await ask(base_url, "/api/health", undefined, signal));
}

async function ask(base_url: string, path: string, key: string | undefined, signal: AbortSignal) {
  const fail = (message: string, permanent: boolean) =>
    new ExternalError("Grafana", message, permanent);
  let status: number, text: string;
  try {
    const response = await fetch(base_url.replace(/\/+$/, "") + path, {
      headers: { Accept: "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) },
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    });
    status = response.status;
    text = (await response.text()).slice(0, 1_000_000);
  } catch {
    throw fail("Grafana does not answer at this address.", false);
  }
  if (/"message":"(invalid API key|Expired API key)/i.test(text) || status === 401) {
    throw fail("Grafana refuses the key: it is unknown, expired or revoked.", true);
  }
  if (status === 403) throw fail("Grafana does not let this key look: its role is too low.", true);
  try {
    if (status === 200) return JSON.parse(text);
  } catch { /* said below */ }
  throw fail(`What answers at this address is no Grafana, or not ready (status ${status}).`, false);
}
