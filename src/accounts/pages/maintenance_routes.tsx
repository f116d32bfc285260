import { zValidator } from "@hono/zod-validator";
import { z } from "zod";
import { Hono } from "hono";
import { refuse } from "../../errors.ts";
import { Id } from "../../http/paging.ts";
import type { Env, Who } from "../../who.ts";
import { checkWorkspace, repairWorkspace } from "../maintenance/check.ts";
import { rotateDatabasePassword } from "../database_password.ts";
import { orShow, showUserPage } from "./routes.tsx";
import type { Deps } from "../steps.ts";

type AuditedAction = (deps: Deps, who: Who, id: number) => Promise<unknown>;

const ACTIONS: Record<string, AuditedAction> = {
  check: checkWorkspace,
  repair: (deps, who, id) => repairWorkspace(deps, who, id, { recreate: false }),
  recreate: (deps, who, id) => repairWorkspace(deps, who, id, { recreate: true }),
  "database-password": rotateDatabasePassword,
};

/** Under `/users`: the care of a workspace, by plain forms that come back to the user's page. */
export function maintenancePages(deps: Deps) {
  const id = zValidator("param", z.object({ id: Id }), refuse);
  const show = showUserPage(deps, "workspace");
  const pages = new Hono<Env>();
  for (const [name, entry] of Object.entries(ACTIONS)) {
    pages.post(`/:id/${name}`, id, (c) =>
      orShow(c, { show }, async () => {
        const { id } = c.req.valid("param");
        await entry(deps, c.var.who, id);
        return c.redirect(`/users/${id}`, 303);
      }));
  }
  return pages;
}
