import { type Ask, call, type GrafanaLogin } from "./call.ts";
import * as dashboards from "./dashboards.ts";
import * as datasources from "./datasources.ts";
import * as folders from "./folders.ts";

export type Grafana = ReturnType<typeof connectGrafana>;

type Bound<M> = {
  [K in keyof M]: M[K] extends (ask: Ask, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

function bind<M extends Record<string, (ask: Ask, ...rest: never[]) => unknown>>(
  module: M,
  ask: Ask,
) {
  const bound = Object.entries(module).map(([name, run]) => [name, run.bind(null, ask)]);
  return Object.fromEntries(bound) as Bound<M>;
}

/**
 * Each call is safe to repeat: uids are ours. All throw as call(), and unexpected() for a refusal.
 */
export function connectGrafana(login: GrafanaLogin) {
  const ask: Ask = (...request) => call(login, ...request);
  return { login, ...bind(folders, ask), ...bind(datasources, ask), ...bind(dashboards, ask) };
}
