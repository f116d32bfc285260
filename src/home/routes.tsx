import { Hono } from "hono";
import { OverviewPage, SystemsCard, SystemsPage } from "../../views/overview.tsx";
import type { Deps as DiagnosisDeps } from "../diagnostics/check.ts";
import { showSystems } from "../diagnostics/systems.ts";
import type { Env } from "../who.ts";
import { type Deps as OverviewDeps, showOverview } from "./overview.ts";

export type Deps = OverviewDeps & DiagnosisDeps;

/** `/`, and the state of the systems, which the page asks for once it is shown. */
export function homePages(deps: Deps) {
  return new Hono<Env>()
    .get("/", async (c) => {
      const { who } = c.var;
      return c.html(<OverviewPage who={who} overview={await showOverview(deps, who)} />);
    })
    .get("/systems", async (c) => {
      const { who } = c.var;
      const systems = await showSystems(deps, who);
      c.header("Cache-Control", "no-store");
      return c.html(
        c.req.header("hx-request") === "true"
          ? <SystemsCard who={who} systems={systems} />
          : <SystemsPage who={who} systems={systems} />,
      );
    });
}
