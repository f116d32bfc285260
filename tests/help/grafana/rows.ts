import { createNext } from "../../../src/pipeline/create/create.ts";
import { dashboardUid, folderUid } from "../../../src/workspaces/names.ts";
import type { ConfiguredGrafana } from "../../../src/credentials/hosts.ts";
import { never } from "../app.ts";
import { type Options, startGrafana } from "./grafana.ts";
import { makeDue, type RowState, stateOf } from "../rows.ts";
import { startScans } from "../scans.ts";

/** What the API says of a row. */
// deno-lint-ignore no-explicit-any
type Shown = Record<string, any> & { id: number };

/** An app with one user, ada, whose dashboards go to a Grafana of the test. */
export async function startInGrafana(
  settings: Partial<ConfiguredGrafana> & Options & { allowed_hosts?: string[] } = {},
) {
  const { subPath, rightsSeconds, allowed_hosts = [], ...configured } = settings;
  const grafana = await startGrafana({
    ...(subPath === undefined ? {} : { subPath }),
    ...(rightsSeconds === undefined ? {} : { rightsSeconds }),
  });
  const { admin: key, viewer: capture_key } = grafana.tokens;
  const outside = { grafana: { base: grafana.url, key, capture_key, ...configured } };
  const app = await startScans({}, { ...outside, allowed_hosts });
  const { db, deps, ada } = app;
  const end = app[Symbol.asyncDispose].bind(app);
  const folder = folderUid(deps.installation, ada.id);
  return Object.assign(app, {
    grafana,
    folder,
    uidOf: (id: number) => dashboardUid(deps.installation, id),
    /** The dashboard of a row as it is in Grafana. */
    inGrafana: (id: number) => grafana.dashboards.get(dashboardUid(deps.installation, id)),
    /** Tries each row that waits at "create" once, at once. */
    async create(signal: AbortSignal = never) {
      await db`update dashboards set next_try_at = now() where step = 'create'`;
      while (!signal.aborted && await createNext(deps, signal));
    },
    /** A table with three rows, and its row, found and not yet tried. */
    async find(name = "paths", columns = "slack_ns float8"): Promise<number> {
      const quoted = `"${name.replaceAll('"', '""')}"`;
      await app.run(`create table ${quoted} (${columns})`);
      await app.run(`insert into ${quoted} select from generate_series(1, 3)`);
      await app.look();
      const [row] = await db<{ id: number }[]>`
        select id from dashboards where table_name = ${name} order by id desc`;
      return row!.id;
    },
    /** The same, and its dashboard made. */
    async make(name?: string, columns?: string): Promise<number> {
      const id = await this.find(name, columns);
      await this.create();
      return id;
    },
    /** The table's next run is found; it waits at "create". */
    async nextRun(table = "paths") {
      await app.finishRows();
      await app.run(`insert into "${table}" select from generate_series(1, 3)`);
      await app.look();
    },
    /** The row as the API shows it. */
    async shown(id: number): Promise<Shown> {
      return (await app.api("GET", `/dashboards/${id}`)).body;
    },
    /** Does something just before Grafana's own answer to a call. */
    before(method: string, path: RegExp, deed: () => void, times = 1) {
      const spy = new RegExp(path);
      spy.test = (asked) => {
        if (times > 0 && path.test(asked) && times-- > 0) deed();
        return false;
      };
      grafana.fault({ method, path: spy, answer: "hang" });
    },
    post: (path: string, json: unknown = {}, key?: string) =>
      app.api("POST", path, { json, ...(key ? { key } : {}) }),
    state: (id: number): Promise<RowState> => stateOf(db, id),
    due: (id: number) => makeDue(db, { id }),
    /** Titles of the folder, a person's among them. */
    titles: (uid = folder) =>
      [...grafana.dashboards.values()].filter(({ folderUid }) => folderUid === uid)
        .map(({ title }) => title).sort(),
    async [Symbol.asyncDispose]() {
      await end();
      await grafana[Symbol.asyncDispose]();
    },
  });
}
