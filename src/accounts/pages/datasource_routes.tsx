import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import { z } from "zod";
import { DatasourceCheckPage } from "../../../views/datasources.tsx";
import { refuse } from "../../errors.ts";
import { Id } from "../../http/paging.ts";
import { visibleUser } from "../../users/users.ts";
import type { Env } from "../../who.ts";
import { checkDatasources, repairDatasources } from "../../grafana/datasources.ts";
import { orShow, showUserPage } from "./routes.tsx";
import type { Deps } from "../steps.ts";

/** Whoever presses the button waits for Grafana so long. */
const LIMIT_MS = 30_000;

/** Under `/users`: the care of what a user has in Grafana, by plain forms. */
export function datasourcePages(deps: Deps) {
  const id = zValidator("param", z.object({ id: Id }), refuse);
  const show = showUserPage(deps, "datasources");
  const pages = new Hono<Env>();
  for (
    const [name, entry] of [["check", checkDatasources], ["repair", repairDatasources]] as const
  ) {
    pages.post(`/:id/datasources/${name}`, id, (c) =>
      orShow(c, { show }, async () => {
        const { id } = c.req.valid("param");
        const check = await entry(deps, c.var.who, id, AbortSignal.timeout(LIMIT_MS));
        const user = await visibleUser(deps.db, c.var.who, id);
        return c.html(<DatasourceCheckPage who={c.var.who} user={user} check={check} />);
      }));
  }
  return pages;
}
