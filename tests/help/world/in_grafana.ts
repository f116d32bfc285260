import { finishWorkspaces } from "../../../src/accounts/steps.ts";
import type { Outside } from "../../../src/credentials/hosts.ts";
import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { GRAFANA_STEPS, isInGrafana } from "../../../src/grafana/steps.ts";
import { createNext } from "../../../src/pipeline/create/create.ts";
import {
  dashboardUid,
  datasourceUid,
  folderUid,
  type Kind,
  KINDS,
} from "../../../src/workspaces/names.ts";
import type { StandIn } from "../grafana/grafana.ts";
import { never } from "../time.ts";
import type { Steps, User } from "./accounts.ts";
import type { Calls } from "./calls.ts";
import type { Deps } from "./deps.ts";
import { makeDue, type RowState, stateOf } from "./rows.ts";
import type { Scans } from "./scans.ts";

/** What the API says of a row. */
// deno-lint-ignore no-explicit-any
type Shown = Record<string, any> & { id: number };

export const statesOf = (list: { state: string }[]) => list.map(({ state }) => state).join(" ");
export const READY = KINDS.map(() => "ready").join(" ");
export const DONE = GRAFANA_STEPS.map(() => "done").join(" ");

type Base = { db: Sql; deps: Deps } & Calls & Scans;

/** What users and their tables have in Grafana. */
export function inGrafana(world: Base, stand?: StandIn, ada?: User) {
  const { db, deps, call, run, look } = world;
  const grafana = stand!;
  const folder = ada ? folderUid(deps.installation, ada.id) : "";
  /** A table with three rows, and its row, found and not yet tried. */
  async function find(name = "paths", columns = "slack_ns float8"): Promise<number> {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    await run(`create table ${quoted} (${columns})`);
    await run(`insert into ${quoted} select from generate_series(1, 3)`);
    await look();
    const [row] = await db<{ id: number }[]>`
      select id from dashboards where table_name = ${name} order by id desc`;
    return row!.id;
  }
  /** Tries each row that waits at "create" once, at once. */
  async function create(signal: AbortSignal = never) {
    await db`update dashboards set next_try_at = now() where step = 'create'`;
    while (!signal.aborted && await createNext(deps, signal));
  }
  return {
    grafana,
    folder,
    /** The app's own, to be changed as a restart with another environment would. */
    outside: deps.outside as Outside,
    uids: ({ id }: { id: number }) => ({
      folder: folderUid(deps.installation, id),
      source: (kind: Kind) => datasourceUid(deps.installation, id, kind),
    }),
    /** The steps in Grafana, `state` by name. */
    async steps({ id }: { id: number }): Promise<Steps> {
      const { body } = await call("GET", `/users/${id}`);
      return body.workspace.steps.filter(({ name }: Steps[0]) => isInGrafana(name));
    },
    async sources({ id }: { id: number }) {
      const { body } = await call("GET", `/users/${id}/datasources`);
      return body.datasources as {
        name: string;
        kind: Kind;
        state: string;
        message: string;
      }[];
    },
    /** What the clock does once all waiting times have passed. */
    async finish(signal = never) {
      await db`update workspace_steps set next_try_at = now()`;
      await finishWorkspaces(deps, signal);
    },
    uidOf: (id: number) => dashboardUid(deps.installation, id),
    /** The dashboard of a row as it is in Grafana. */
    inGrafana: (id: number) => grafana.dashboards.get(dashboardUid(deps.installation, id)),
    create,
    find,
    /** find(), and its dashboard made. */
    async make(name?: string, columns?: string): Promise<number> {
      const id = await find(name, columns);
      await create();
      return id;
    },
    /** The table's next run is found; it waits at "create". */
    async nextRun(table = "paths") {
      await world.finishRows();
      await run(`insert into "${table}" select from generate_series(1, 3)`);
      await look();
    },
    /** The row as the API shows it. */
    async shown(id: number): Promise<Shown> {
      return (await call("GET", `/dashboards/${id}`)).body;
    },
    /** Does something just before Grafana's own answer to a call. */
    before(method: string, path: RegExp, work: () => void, times = 1) {
      const spy = new RegExp(path);
      spy.test = (asked) => {
        if (times > 0 && path.test(asked) && times-- > 0) work();
        return false;
      };
      grafana.fault({ method, path: spy, answer: "hang" });
    },
    state: (id: number): Promise<RowState> => stateOf(db, id),
    due: (id: number) => makeDue(db, { id }),
    /** Titles of the folder, a person's among them. */
    titles: (uid = folder) =>
      [...grafana.dashboards.values()].filter(({ folderUid }) => folderUid === uid)
        .map(({ title }) => title).sort(),
  };
}
