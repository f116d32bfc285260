import { spaceAt } from "../../external/disk.ts";
import { DENO_VERSION } from "../../external/metrics/process.ts";
import type { Reading } from "../../external/metrics/metrics.ts";
import { browserBytes } from "../../external/browser/memory.ts";
import { dataDirectoryOf } from "../../external/postgres/condition.ts";
import { isMigrated } from "../../external/postgres/migrate.ts";
import { countRows, oldestWaiting } from "../../pipeline/queue_store.ts";
import { connectionsOn } from "../../workspaces/preflight.ts";
import { LOCAL } from "../checks/space.ts";
import type { Deps as DiagnosisDeps } from "../deps.ts";

export type Deps = Pick<DiagnosisDeps, "db" | "servers" | "diagnosis"> & { frontend_url: string };
export type Values = Reading["values"];
type Value = Values[number];
/** Gauges that are read together, by one statement where they come from the database. */
export type Source = {
  metrics: Omit<Reading, "values">[];
  /** The values of each of them. */
  read(deps: Deps): Promise<Values[]>;
};

const STEPS = ["create", "capture", "notify"];

const service: Source = {
  metrics: [{
    name: "dashkeeper_build_info",
    help: "Always 1; the version of Deno, and the address of the service.",
  }],
  read: ({ frontend_url: url }) => Promise.resolve([[[1, { deno: DENO_VERSION, url }]]]),
};

const database: Source = {
  metrics: [
    {
      name: "dashkeeper_database_up",
      help: "1 where the service's database answered within a second.",
    },
    { name: "dashkeeper_ready", help: "1 where it also has every migration, as /readyz says." },
  ],
  async read({ db }) {
    const migrated = await isMigrated(db).catch(() => undefined);
    return [[[Number(migrated !== undefined)]], [[Number(migrated === true)]]];
  },
};

const pool: Source = {
  metrics: [
    {
      name: "dashkeeper_db_pool_connections",
      help: "Connections of the service's pool, at most 20, by state.",
    },
    {
      name: "dashkeeper_db_pool_waiting",
      help: "Statements and transactions that wait for a connection of the pool.",
    },
  ],
  read({ db }) {
    const { waiting, ...states } = db.pool();
    const values = Object.entries(states).map(([state, n]): Value => [n, { state }]);
    return Promise.resolve([values, [[waiting]]]);
  },
};

const connections: Source = {
  metrics: [
    {
      name: "dashkeeper_server_connections",
      help: "Client connections to a database server, of all its users.",
    },
    { name: "dashkeeper_server_connections_max", help: "max_connections of a database server." },
  ],
  async read({ servers }) {
    const [used, most]: [Values, Values] = [[], []];
    await Promise.all(servers.all.map(async (server) => {
      const found = await connectionsOn(server).catch(() => undefined);
      if (!found) return;
      const labels = { server: `${server.address.host}:${server.address.port}` };
      used.push([found.used, labels]);
      most.push([found.most, labels]);
    }));
    return [used, most];
  },
};

/** What a code may look like: a row's may have come from outside. */
const CODE = /^[a-z][a-z0-9_]{0,59}$/;

const rows: Source = {
  metrics: [
    {
      name: "dashkeeper_rows",
      help: 'Rows by step and by the outcome of their last capture, "none" before it.',
    },
    {
      name: "dashkeeper_rows_stopped",
      help: 'Rows that wait for a person, by error_code, "other" without one.',
    },
  ],
  async read({ db }) {
    const [all, stopped] = [new Map<string, number>(), new Map<string, number>()];
    const add = (map: typeof all, key: string, n: number) => map.set(key, (map.get(key) ?? 0) + n);
    for (const { step, outcome, stop_code, stopped: isStopped, rows } of await countRows(db)) {
      add(all, `${step} ${outcome ?? "none"}`, rows);
      if (isStopped) add(stopped, stop_code && CODE.test(stop_code) ? stop_code : "other", rows);
    }
    return [
      [...all].map(([key, n]): Value => {
        const [step, outcome] = key.split(" ") as [string, string];
        return [n, { step, outcome }];
      }),
      [...stopped].map(([cause, n]): Value => [n, { cause }]),
    ];
  },
};

const waiting: Source = {
  metrics: [{
    name: "dashkeeper_oldest_waiting_seconds",
    help: "How long the oldest row that is due has been at its step; 0 without one.",
  }],
  async read({ db }) {
    const oldest = await oldestWaiting(db);
    const of = (step: string) => oldest.find((one) => one.step === step)?.seconds ?? 0;
    return [STEPS.map((step): Value => [of(step), { step }])];
  },
};

const disk: Source = {
  metrics: [
    {
      name: "dashkeeper_disk_free_bytes",
      help: "Free space where DATA_DIR, GIF_CAPTURE_DIR and, on this machine, the database are.",
    },
    { name: "dashkeeper_disk_size_bytes", help: "The size of that file system." },
  ],
  async read({ db, diagnosis: { data_dir, gif_dir } }) {
    const database = LOCAL.includes(db.address.host)
      ? await dataDirectoryOf(db).catch(() => undefined)
      : undefined;
    const found = await Promise.all(
      Object.entries({ data: data_dir, gif: gif_dir, database }).map(async ([place, path]) => {
        const space = path === undefined ? undefined : await spaceAt(path);
        return space ? [{ ...space, place }] : [];
      }),
    );
    const all = found.flat();
    return (["free", "size"] as const)
      .map((what) => all.map(({ place, ...space }): Value => [space[what], { place }]));
  },
};

const browser: Source = {
  metrics: [{
    name: "dashkeeper_browser_memory_bytes",
    help: "Memory of the browsers that the service has started; 0 without one.",
  }],
  async read() {
    const bytes = await browserBytes();
    return [bytes === undefined ? [] : [[bytes]]];
  },
};

export const SOURCES: Source[] = [
  service,
  database,
  pool,
  connections,
  rows,
  waiting,
  disk,
  browser,
];
