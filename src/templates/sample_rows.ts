import type { Kind } from "../workspaces/names.ts";

export const SAMPLES = "samples";

/** A sample table: its columns and, from `r` (run), `d` (design) and `i`, its rows. */
type Sample = {
  table: string;
  kind: Kind;
  each: number;
  columns: string;
  row: string;
  where?: string;
};

const RUNS = 24;
const COMMON = "run_ts timestamptz, platform text, design text, variant text, git_commit text";
/** One run a night. Noise is md5 of run, design and row, so that it is reproducible. */
const COMMON_ROW = "timestamptz '2026-01-05 02:00Z' + r * interval '1 day', " +
  "(array['sky130hd', 'nangate45'])[1 + d % 2], (array['aes', 'ibex', 'jpeg'])[1 + d], 'base', " +
  "pg_catalog.left(pg_catalog.md5('commit ' || r), 9)";
const chance = (name: string) =>
  `(('x' || pg_catalog.left(pg_catalog.md5('${name} ' || r || ' ' || d || ' ' || i), 7))::bit(28)::int / 268435456.0)`;
const oneOf = (name: string, ...values: string[]) =>
  `(array[${values.map((value) => `'${value}'`)}])[1 + (${
    chance(name)
  } * ${values.length})::int % ${values.length}]`;
/** From 1 down to 0.1, as a project repairs violations in its first weeks. */
const TROUBLE = "(0.1 + 0.9 * exp(-r / 9.0))";

export const SAMPLE_TABLES: Sample[] = [
  {
    table: "paths",
    kind: "timing",
    each: 40,
    columns: `${COMMON}, corner text, path_group text, path_type text, startpoint text,
      endpoint text, slack_ns float8, logic_levels int, clock text`,
    row: `${COMMON_ROW}, ${oneOf("corner", "ss_100C", "tt_025C", "ff_n40C")},
      ${
      oneOf("group", "reg2reg", "in2reg", "reg2out")
    }, case when i % 4 = 0 then 'min' else 'max' end,
      'u_core/q_reg[' || i || ']/CK', 'u_alu/d_reg[' || (i * 7) % 64 || ']/D',
      round((0.9 * ${chance("slack")} - 0.75 * ${TROUBLE})::numeric, 4)::float8,
      (8 + 20 * ${chance("levels")})::int, 'clk'`,
  },
  {
    table: "summary",
    kind: "timing",
    each: 1,
    columns: `${COMMON}, setup_wns_ns float8, setup_tns_ns float8, hold_wns_ns float8,
      hold_tns_ns float8, setup_viol int, hold_viol int, fmax_mhz float8`,
    row: `${COMMON_ROW}, round((0.05 - 0.7 * ${TROUBLE} * (0.8 + 0.4 * ${
      chance("wns")
    }))::numeric, 4),
      round((-18 * ${TROUBLE} * (0.8 + 0.4 * ${chance("tns")}))::numeric, 3),
      round((0.08 * ${chance("hold")} - 0.06 * ${TROUBLE})::numeric, 4),
      round((-0.4 * ${TROUBLE})::numeric, 3), (60 * ${TROUBLE})::int, (9 * ${TROUBLE})::int,
      round((260 - 90 * ${TROUBLE})::numeric, 1)`,
  },
  {
    table: "runs",
    kind: "qor",
    each: 1,
    columns: `${COMMON}, area_um2 float8, util_pct float8, cells int, power_total_w float8,
      wirelength_um float8, runtime_s float8, peak_mem_kb bigint, setup_wns_ns float8, drc_errors int`,
    row: `${COMMON_ROW}, round((150000 * (1 + d) * (1 + 0.1 * ${TROUBLE}))::numeric, 1),
      round((58 + 9 * ${TROUBLE} + ${
      chance("util")
    })::numeric, 2), (16000 * (1 + d) * (1 + 0.1 * ${TROUBLE}))::int,
      round((0.08 * (1 + d) * (1 + 0.2 * ${TROUBLE}) + 0.002 * ${chance("power")})::numeric, 5),
      round((900000 * (1 + d) * (1 + 0.15 * ${TROUBLE}))::numeric), round((600 * (1 + d) * (0.8 + ${TROUBLE}))::numeric, 1),
      (900000 + 400000 * d + 50000 * ${chance("memory")})::bigint,
      round((0.09 - (0.4 + 0.2 * d) * ${TROUBLE} * (0.9 + 0.2 * ${
      chance("wns")
    }))::numeric, 4), (40 * ${TROUBLE} * ${chance("drc")})::int`,
  },
  {
    table: "metrics",
    kind: "qor",
    each: 4,
    columns: `${COMMON}, metric text, value float8, unit text`,
    row: `${COMMON_ROW},
      (array['finish__design__instance__area', 'finish__design__instance__utilization', 'finish__power__total', 'finish__timing__setup__ws'])[i],
      (array[150000 * (1 + d) * (1 + 0.1 * ${TROUBLE}), 58 + 9 * ${TROUBLE}, 0.08 * (1 + d), 0.05 - 0.7 * ${TROUBLE}])[i],
      (array['um^2', '%', 'W', 'ns'])[i]`,
  },
  {
    table: "violations",
    kind: "drc",
    each: 60,
    columns: `${COMMON}, rule text, category text, layer text, x1_um float8, y1_um float8,
      x2_um float8, y2_um float8, severity text, waived boolean`,
    row: `${COMMON_ROW}, ${oneOf("rule", "spacing", "width", "enclosure", "short", "min_area")},
      ${oneOf("category", "routing", "placement")}, ${
      oneOf("layer", "met1", "met2", "met3", "met4")
    },
      round((380 * ${chance("x")})::numeric, 2), round((380 * ${chance("y")})::numeric, 2),
      round((380 * ${chance("x")} + 0.4)::numeric, 2), round((380 * ${
      chance("y")
    } + 0.3)::numeric, 2),
      ${oneOf("severity", "error", "error", "warning")}, ${chance("waived")} < 0.05`,
    where: `${chance("there")} < ${TROUBLE} * (0.6 + 0.2 * d)`,
  },
  {
    table: "measurements",
    kind: "qor",
    each: 6,
    columns: `measured_at timestamptz, site text, label text, reading float8, batch int`,
    row: `timestamptz '2026-01-05 02:00Z' + r * interval '1 day' + i * interval '1 hour',
      (array['north', 'south', 'east'])[1 + d], ${oneOf("label", "first", "second", "third")},
      round((40 + 20 * ${chance("reading")} + r)::numeric, 2), r + 1`,
  },
];

/** The SQL that creates a sample table with its rows. */
export function statementsOf({ table, each, columns, row, where = "true" }: Sample): string[] {
  return [
    `create table ${SAMPLES}.${table} (${columns})`,
    `insert into ${SAMPLES}.${table} select ${row}
      from generate_series(0, ${RUNS - 1}) r, generate_series(0, 2) d, generate_series(1, ${each}) i
      where ${where}`,
  ];
}
