import { strictEqual as equal } from "node:assert";
import type { ConfiguredGrafana, Outside } from "../../../src/credentials/hosts.ts";
import { GRAFANA_STEPS, isInGrafana } from "../../../src/grafana/steps.ts";
import { datasourceUid, folderUid, type Kind, KINDS } from "../../../src/workspaces/names.ts";
import { finishWorkspaces } from "../../../src/accounts/steps.ts";
import { never, startApp } from "../app.ts";
import { freshName, type User } from "../app.ts";
import { type Options, type StandIn, startGrafana } from "./grafana.ts";

export type Steps = { name: string; state: string; attempts: number; message: string | null }[];
type Configured = Partial<ConfiguredGrafana>;

/** The app with a Grafana of its own, or with that of the test. */
export async function startWithGrafana(
  { grafana, more = {}, outside = {}, options = {} }: {
    grafana?: StandIn;
    more?: Configured;
    outside?: Partial<Outside>;
    options?: Options;
  } = {},
) {
  const own = grafana ? undefined : await startGrafana(options);
  const stand = grafana ?? own!;
  const configured = { base: stand.url, key: stand.tokens.admin, ...more };
  const app = await startApp({ outside: { grafana: configured, ...outside } });
  const { db, deps } = app;
  return {
    ...app,
    grafana: stand,
    /** The app's own, to be changed as a restart with another environment would. */
    outside: deps.outside as Outside,
    uids: ({ id }: { id: number }) => ({
      folder: folderUid(deps.installation, id),
      source: (kind: Kind) => datasourceUid(deps.installation, id, kind),
    }),
    /** Creates a user; the whole answer. */
    async create(username = freshName()) {
      app.names.push(username);
      const { status, body, text } = await app.api("POST", "/users", { json: { username } });
      equal(status, 201, text);
      return body as User & { workspace: { state: string; steps: Steps } };
    },
    /** The steps in Grafana, `state` by name. */
    async steps({ id }: { id: number }): Promise<Steps> {
      const { body } = await app.api("GET", `/users/${id}`);
      return body.workspace.steps.filter(({ name }: Steps[0]) => isInGrafana(name));
    },
    async sources({ id }: { id: number }) {
      const { body } = await app.api("GET", `/users/${id}/datasources`);
      return body.datasources as { name: string; kind: Kind; state: string; message: string }[];
    },
    /** What the clock does once all waiting times have passed. */
    async finish(signal = never) {
      await db`update workspace_steps set next_try_at = now()`;
      await finishWorkspaces(deps, signal);
    },
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await own?.[Symbol.asyncDispose]();
    },
  };
}
export type GrafanaApp = Awaited<ReturnType<typeof startWithGrafana>>;

export const statesOf = (list: { state: string }[]) => list.map(({ state }) => state).join(" ");
export const READY = KINDS.map(() => "ready").join(" ");
export const DONE = GRAFANA_STEPS.map(() => "done").join(" ");
