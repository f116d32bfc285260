import { connect } from "../../../src/external/postgres/postgres.ts";
import type { StandIn } from "./grafana.ts";
import { testServer } from "../world/postgres.ts";

/** The database of the recordings, under a name of its own: requests and answers are translated. */
export async function timingDatabase() {
  const server = await testServer();
  const name = `g${crypto.getRandomValues(new Uint8Array(5)).toHex()}`;
  const admin = connect({ ...server, database: "postgres" }, 1);
  await admin.unsafe(`create role ${name} login password '${name}pass'`);
  await admin.unsafe(`create database timing_${name} owner ${name}`);
  const login = { ...server, user: name, password: `${name}pass`, database: `timing_${name}` };
  const db = connect(login, 1);
  await db.unsafe(`
    create table timing_paths (ts timestamptz, corner text, slack_ns float8);
    insert into timing_paths select now() - h * interval '6 hours', corner, -0.01 * h
      from generate_series(0, 4) h, unnest('{ff_0p88v_m40c,ss_0p72v_125c,tt_0p80v_25c}'::text[]) corner;
    create table written_by_grafana (id int)`);
  await db.end();
  return {
    login,
    there: (text: string) =>
      text.replaceAll("127.0.0.1:5433", `${server.host}:${server.port}`).replaceAll("alice", name),
    back: (text: string) =>
      text.replaceAll(`${server.host}:${server.port}`, "127.0.0.1:5433").replaceAll(name, "alice"),
    async [Symbol.asyncDispose]() {
      await admin.unsafe(`drop database timing_${name} with (force)`);
      await admin.unsafe(`drop role ${name}`);
      await admin.end();
    },
  };
}

/** The database as the data source `pg`. */
export function addTiming(grafana: StandIn, { login }: Awaited<ReturnType<typeof timingDatabase>>) {
  const { host, port, user, password, database } = login;
  grafana.addDatasource("timing", {
    ...{ uid: "pg", url: `${host}:${port}`, user, jsonData: { database, sslmode: "disable" } },
    secureJsonData: { password },
  });
}
