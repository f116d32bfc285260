import { z } from "@hono/zod-openapi";
import type { Browser } from "../external/browser.ts";
import { adminOnly } from "../users/users.ts";
import type { Who } from "../who.ts";
import { guardServer } from "../workspaces/guard.ts";
import type { Servers } from "../workspaces/servers.ts";

export type Deps = { servers: Servers; browser: Pick<Browser, "state"> };

export const Diagnosis = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({
    what: z.string().openapi({ example: "the default server" }),
    message: z.string().openapi({ description: "What is missing, and what to do." }),
  })),
}).openapi("Diagnosis");

/** Whether what Dashkeeper needs is there, and what exactly is missing. Admins only. */
export async function diagnose({ servers, browser }: Deps, who: Who) {
  adminOnly(who);
  const complaints = (await Promise.all(servers.all.map(guardServer))).flat();
  const findings = complaints.map(({ server, message }) => ({ what: server, message }));
  const { state, message } = browser.state();
  if (state !== "ready") findings.push({ what: "the browser", message });
  return { ok: findings.length === 0, findings };
}
