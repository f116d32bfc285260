import { composeDashboard, type Dashboard } from "../../src/boards/compose.ts";
import type { Kind } from "../../src/measures/facts.ts";
import { readTable } from "../../src/measures/read.ts";
import { runPanel } from "../../src/boards/query.ts";
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { connect, connectToUserDatabase, type Sql } from "../../src/external/postgres/postgres.ts";
import { SILENT } from "../../src/external/log/log.ts";

export const ROWS = 1_000_000;
const ROUNDS = 3;
const never = new AbortController().signal;

/** As flows write them, `i` from 0: 50 designs on 3 platforms, a run of all of them after the other. */
const OF_RUN = `'2024-01-01Z'::timestamptz + (i / N) * interval '6 hours' as run_ts,
  'platform' || i % 3 as platform, 'design' || i % 50 as design`;
/** From -1 to 1, the same at every start. */
const noise = "(('x' || substr(md5(i::text), 1, 8))::bit(32)::int / 2147483648::float8)";

export const TABLES: { table: string; kind: Kind; columns: string }[] = [
  {
    table: "runs",
    kind: "qor",
    columns: `${OF_RUN.replace("N", "150")}, 1000 + i % 50 * 900.5 as area_um2,
      40 + 20 * ${noise} as util_pct, 0.01 + i % 50 * 0.002 as power_total_w,
      0.2 * ${noise} as setup_wns_ns, -5 + 5 * ${noise} as setup_tns_ns, i % 7 / 6 as drc_errors,
      5000 + i % 50 * 100 as cells, 600 + i % 1000 as runtime_s, md5(i::text) as git_commit`,
  },
  {
    table: "metrics",
    kind: "qor",
    columns: `${OF_RUN.replace("N", "6000")},
      (array['finish__timing__setup__ws', 'finish__power__total', 'finish__design__instance__area',
        'detailedroute__route__wirelength', 'detailedroute__route__drc_errors'])[1 + i / 150 % 5]
        || case when i / 750 % 8 > 0 then '__' || i / 750 % 8 else '' end as metric,
      ${noise} as value, null::text as unit`,
  },
  {
    table: "paths",
    kind: "timing",
    columns: `${OF_RUN.replace("N", "50000")}, 'group' || i % 6 as path_group,
      (array['ss', 'tt', 'ff'])[1 + i % 3] as corner, (array['max', 'min'])[1 + i / 7 % 2] as path_type,
      'u_core/reg' || i % 20000 || '/CK' as startpoint, 'u_core/reg' || i % 9973 || '/D' as endpoint,
      0.4 + 0.6 * ${noise} as slack_ns`,
  },
  {
    table: "violations",
    kind: "drc",
    columns: `${OF_RUN.replace("N", "100000")}, 'M' || 1 + i % 8 || '.S.' || i / 8 % 5 as rule,
      'M' || 1 + i % 8 as layer, (array['short', 'spacing', 'width'])[1 + i / 3 % 3] as category,
      400 + 400 * ${noise} as x1_um, 300 + i % 997 * 0.3 as y1_um`,
  },
  {
    table: "anything",
    kind: "qor",
    columns: `'2024-01-01Z'::timestamptz + i * interval '1 minute' as seen_at,
      'state' || i % 5 as state, 20 + 9 * ${noise} as temperature, i % 100 as load`,
  },
];

/**
 * Each panel's SQL on a million rows without an index, in ms: the median of three alone, once more with
 * all of its board's panels asked at once over six connections, as Grafana asks, and beside them the
 * naive way (every row to the client, to be counted there).
 */
export const benchBoards = () =>
  withBench(async (reader) => {
    for (const { table, kind, columns } of TABLES) {
      await load(reader, table, columns);
      await measure(reader, table, kind);
    }
  });

export async function load(reader: Sql, table: string, columns: string) {
  await reader.unsafe(
    `create table public.${table} as select ${columns} from generate_series(0, ${ROWS - 1}) i`,
  );
  await reader.unsafe(`analyze public.${table}`);
}

/** A server of its own with an empty database. */
export async function withBench(work: (reader: Sql) => Promise<void>) {
  const dataDir = await Deno.makeTempDir({ prefix: "bench-" });
  const server = await startEmbedded({ dataDir, log: SILENT, fsync: false });
  try {
    const admin = connect({ ...server, database: "postgres" }, 1);
    await admin`create database bench`;
    await admin.end();
    const reader = connectToUserDatabase({ ...server, database: "bench" }, { most: 6 });
    await work(reader);
    await reader.end();
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function measure(reader: Sql, table: string, kind: Kind) {
  const place = { uid: "b", title: table, tags: [], datasource: { type: "postgres", uid: "b" } };
  const read = await timed(() => readTable(reader, "public", table, kind));
  const board = composeDashboard(await readTable(reader, "public", table, kind), place);
  const naive = await timed(() => readAll(reader, table));
  const panels = (board.panels ?? []) as { id: number; title: string; type: string }[];
  const rows: Record<string, Record<string, string>> = {};
  const alone: number[] = [];
  for (const { id } of panels) {
    const taken = [];
    for (let i = 0; i < ROUNDS; i++) taken.push(await timed(() => ask(reader, board, id)));
    alone.push(taken.sort((a, b) => a - b)[ROUNDS >> 1]!);
  }
  const together = await Promise.all(panels.map(({ id }) => timed(() => ask(reader, board, id))));
  panels.forEach(({ title, type }, i) => {
    rows[`${type}: ${title}`] = {
      alone: alone[i]!.toFixed(0),
      together: together[i]!.toFixed(0),
      "all rows": naive.toFixed(0),
    };
  });
  console.log(`${table}, a million rows: its facts in ${read.toFixed(0)} ms`);
  console.table(rows);
}

async function ask(reader: Sql, board: Dashboard, id: number) {
  const { status } = await runPanel(reader, board, id, never);
  if (status !== 200) throw new Error(`Panel ${id} of ${board.title} was answered with ${status}.`);
}

async function readAll(reader: Sql, table: string) {
  let count = 0;
  for await (const rows of reader.unsafe(`select * from public.${table}`).cursor(10_000)) {
    count += rows.length;
  }
  if (count !== ROWS) throw new Error(`${table} has ${count} rows.`);
}

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
