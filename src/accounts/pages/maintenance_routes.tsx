import { Hono } from "hono";
import type { Env, Who } from "../../who.ts";
import { checkWorkspace, repairWorkspace } from "../maintenance/check.ts";
import { rotateDatabasePassword } from "../database_password.ts";
import { byId, orShow } from "../../http/forms.ts";
import { showUserPage } from "./routes.tsx";
import type { Deps } from "../steps.ts";

type Action = (deps: Deps, who: Who, id: number) => Promise<unknown>;

const ACTIONS: Record<string, Action> = {
  check: checkWorkspace,
  repair: (deps, who, id) => repairWorkspace(deps, who, id, { recreate: false }),
  recreate: (deps, who, id) => repairWorkspace(deps, who, id, { recreate: true }),
  "database-password": rotateDatabasePassword,
};

/** Under `/users`: the care of a workspace, by plain forms that come back to the user's page. */
export function maintenancePages(deps: Deps) {
  const show = showUserPage(deps, "workspace");
  const pages = new Hono<Env>();
  for (const [name, action] of Object.entries(ACTIONS)) {
    pages.post(`/:id/${name}`, byId, (c) =>
      orShow(c, { show }, async () => {
        const { id } = c.req.valid("param");
        await action(deps, c.var.who, id);
        return c.redirect(`/users/${id}`, 303);
      }));
  }
  return pages;
}
