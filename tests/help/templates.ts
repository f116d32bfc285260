import { connect } from "../../src/external/postgres/postgres.ts";
import type { makeDeps } from "./world/deps.ts";
import { testServer } from "./world/postgres.ts";

type Deps = Awaited<ReturnType<typeof makeDeps>>;

/** Drops what previews made on the server, at the end of the scope. */
export function dropSamples({ installation }: Deps) {
  return {
    async [Symbol.asyncDispose]() {
      const name = `Samples_${installation}`;
      const admin = connect({ ...await testServer(), database: "postgres" }, 1);
      try {
        await admin`drop database if exists ${admin.unsafe(`"${name}_qor"`)} with (force)`;
        for (const role of ["owner", "reader"]) {
          await admin`drop role if exists ${admin.unsafe(`"${name}_${role}"`)}`;
        }
      } finally {
        await admin.end({ timeout: 1 });
      }
    },
  };
}

type Fields = Record<string, unknown>;

/** A panel as Grafana exports it; `fields` go over its own. */
export function panel(rawSql: unknown, fields: Fields = {}) {
  return {
    id: 1,
    type: "timeseries",
    title: "Slack of ${table}",
    gridPos: { x: 0, y: 0, w: 12, h: 8 },
    datasource: { type: "postgres", uid: "${DS_POSTGRES}" },
    targets: [{ refId: "A", format: "table", rawQuery: true, rawSql }],
    ...fields,
  };
}

export const QUERY = 'SELECT run_ts AS "time", slack_ns FROM ${schema}.${table} ' +
  "WHERE $__timeFilter(run_ts) ORDER BY 1";

/** A template as a caller sends it. */
export function template(fields: Fields = {}, panels: unknown[] = [panel(QUERY)]) {
  const dashboard = {
    __inputs: [{
      name: "DS_POSTGRES",
      label: "PostgreSQL",
      type: "datasource",
      pluginId: "postgres",
    }],
    __requires: [{ type: "grafana", id: "grafana", name: "Grafana", version: "9.4.7" }],
    id: 17,
    uid: "abc",
    version: 3,
    title: "Paths",
    schemaVersion: 37,
    panels,
  };
  return { name: "Paths of ada", kind: "timing", dashboard, ...fields };
}
