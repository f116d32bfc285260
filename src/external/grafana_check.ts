import { z } from "zod";
import { call, type GrafanaLogin, unexpected } from "./grafana_call.ts";

/** What Dashkeeper does in a Grafana, by the names of Grafana's own permissions. */
export const NEEDED = [
  ...["datasources:create", "datasources:read", "datasources:write", "datasources:delete"],
  ...["datasources:query", "folders:create", "folders:read", "folders:write", "folders:delete"],
  ...["folders.permissions:write", "dashboards:create", "dashboards:read", "dashboards:write"],
  "dashboards:delete",
];

const Organisation = z.object({ name: z.string() });
const Permissions = z.record(z.string(), z.unknown());
const Health = z.object({ version: z.string().optional() });

/**
 * Whether Grafana takes the key, in which organisation, and which permissions it lacks. Throws what
 * call() throws.
 */
export async function checkGrafana(login: GrafanaLogin, signal: AbortSignal) {
  const { name } = Organisation.parse(await ask(login, "/api/org", signal));
  const granted = Permissions.parse(
    await ask(login, "/api/access-control/user/permissions", signal),
  );
  return { organisation: name, missing: NEEDED.filter((permission) => !granted[permission]) };
}

/** Whether there is a Grafana at the address, and its version. Takes no key. */
export async function checkGrafanaAddress(base: string, signal: AbortSignal) {
  return Health.parse(await ask({ base }, "/api/health", signal));
}

async function ask(login: GrafanaLogin, path: string, signal: AbortSignal) {
  const answer = await call(login, "GET", path, signal);
  if (answer.status !== 200) throw unexpected(answer, "to answer");
  return answer.body;
}
