import { z } from "zod";
import { ExternalError } from "../../errors.ts";
import { call, type GrafanaLogin, parsed } from "./call.ts";

export const NEEDED = [
  ...["datasources:create", "datasources:read", "datasources:write", "datasources:delete"],
  ...["datasources:query", "folders:create", "folders:read", "folders:write", "folders:delete"],
  ...["folders.permissions:write", "dashboards:create", "dashboards:read", "dashboards:write"],
  "dashboards:delete",
];

const Organisation = z.object({ name: z.string() });
const Permissions = z.record(z.string(), z.unknown());
const Health = z.object({ database: z.string(), version: z.string().optional() });

/** The key's organisation and missing permissions. Throws as call(). */
export async function checkGrafana(login: GrafanaLogin, signal: AbortSignal) {
  const path = "/api/access-control/user/permissions";
  const granted = await ask(login, path, Permissions, signal);
  const missing = NEEDED.filter((permission) => !granted[permission]);
  return { organisation: await organisationOf(login, signal), missing };
}

/** Whether there is a Grafana at the address, and its version. Takes no key. */
export async function checkGrafanaAddress(base: string, signal: AbortSignal) {
  return await ask({ base }, "/api/health", Health, signal);
}

/** Null: the key may not read the name, which it does not need. */
async function organisationOf(login: GrafanaLogin, signal: AbortSignal): Promise<string | null> {
  try {
    return (await ask(login, "/api/org", Organisation, signal)).name;
  } catch (error) {
    if (error instanceof ExternalError && error.more.code === "missing_permission") return null;
    throw error;
  }
}

async function ask<T>(
  login: GrafanaLogin,
  path: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
) {
  const answer = await call(login, "GET", path, signal);
  return parsed(schema, answer, "to answer");
}
