import { Hono } from "hono";
import { DatasourceCheckPage } from "../../../views/accounts/datasources.tsx";
import { visibleUser } from "../../users/users.ts";
import type { Env } from "../../who.ts";
import { checkDatasources, repairDatasources } from "../../grafana/datasources.ts";
import { byId, orShow } from "../../http/forms.ts";
import { showUserPage } from "./routes.tsx";
import type { Deps } from "../steps.ts";

/** How long the page waits for Grafana. */
const LIMIT_MS = 30_000;

/** Under `/users`: the care of what a user has in Grafana, by plain forms. */
export function datasourcePages(deps: Deps) {
  const show = showUserPage(deps, "datasources");
  const pages = new Hono<Env>();
  for (
    const [name, action] of [["check", checkDatasources], ["repair", repairDatasources]] as const
  ) {
    pages.post(`/:id/datasources/${name}`, byId, (c) =>
      orShow(c, { show }, async () => {
        const { id } = c.req.valid("param");
        const check = await action(deps, c.var.who, id, AbortSignal.timeout(LIMIT_MS));
        const user = await visibleUser(deps.db, c.var.who, id);
        return c.html(<DatasourceCheckPage who={c.var.who} user={user} check={check} />);
      }));
  }
  return pages;
}
