import { COMMON as IMPORTED } from "../../src/imports/tables.ts";
import { randomOf } from "./random.ts";

export type Cell = string | number | boolean | Date | null;
export type Table = {
  table_name: string;
  columns: { name: string; type: string }[];
  rows: Cell[][];
};
/** `firstRun` is the time of the first run made; `runOffset`, how many runs came before it. */
export type Options = { seed: number; runs: number; firstRun: Date; runOffset?: number };

export type Design = {
  design: string;
  clock: string;
  cells: number;
  period_ns: number;
  /** How far the first netlist is from meeting its clock: 1 is usual. */
  hardness: number;
  modules: string[];
};
export type Platform = {
  platform: string;
  /** What a design's period in sky130hd becomes here. */
  speed: number;
  cell_area_um2: number;
  supply_v: number;
  leak_w_per_cell: number;
  corners: { slow: string; typical: string; fast: string };
  layers: string[];
};
/** One design on one platform in one run. `trouble` falls as the project goes on. */
export type Flow =
  & { seed: number; run: number; common: Cell[]; trouble: number }
  & Design
  & Platform;

const DESIGNS: Design[] = [
  {
    design: "aes",
    clock: "clk",
    cells: 16_000,
    period_ns: 3.8,
    hardness: 1,
    modules: ["u_sbox_a", "u_sbox_b", "u_key_expand", "u_round", "u_state"],
  },
  {
    design: "ibex",
    clock: "core_clock",
    cells: 20_500,
    period_ns: 9.5,
    hardness: 1.15,
    modules: [
      "u_if_stage",
      "u_id_stage",
      "u_ex_block/u_alu",
      "u_ex_block/u_mult",
      "u_lsu",
      "u_csr",
    ],
  },
  {
    design: "jpeg",
    clock: "clk",
    cells: 62_000,
    period_ns: 6.2,
    hardness: 0.8,
    modules: ["u_dct", "u_zigzag", "u_quantizer", "u_huffman", "u_fifo"],
  },
];

const PLATFORMS: Platform[] = [
  {
    platform: "sky130hd",
    speed: 1,
    cell_area_um2: 9.1,
    supply_v: 1.8,
    leak_w_per_cell: 4e-12,
    corners: { slow: "ss_100C_1v60", typical: "tt_025C_1v80", fast: "ff_n40C_1v95" },
    layers: ["met1", "met2", "met3", "met4", "met5"],
  },
  {
    platform: "nangate45",
    speed: 0.22,
    cell_area_um2: 1.55,
    supply_v: 1.1,
    leak_w_per_cell: 2.5e-8,
    corners: { slow: "ss_125C_0v95", typical: "tt_025C_1v10", fast: "ff_n40C_1v25" },
    layers: ["metal1", "metal2", "metal3", "metal4", "metal5"],
  },
];

const DAY_MS = 86_400_000;

/** Columns from names and PostgreSQL types. */
export function columns(types: Record<string, string>): Table["columns"] {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}

/** What every table opens with, as imported ones do; `Flow.common` holds the cells. */
export const COMMON: Record<string, string> = Object.fromEntries(
  Object.entries(IMPORTED).map(([name, { type }]) => [name, type]),
);
const [STAGE, CORNER] = ["stage", "corner"].map((name) => Object.keys(COMMON).indexOf(name));
export const ofStage = (common: Cell[], stage: string) => common.with(STAGE!, stage);
export const ofCorner = (common: Cell[], corner: string) => common.with(CORNER!, corner);

/** Nightly runs of three designs on two platforms, in the order of time. */
export function* flows({ seed, runs, firstRun, runOffset = 0 }: Options, stage: string) {
  for (let i = 0; i < runs; i++) {
    const run = runOffset + i;
    const random = randomOf(seed, "run", run);
    const commit = Array.from({ length: 9 }, () => random.int(0, 15).toString(16)).join("");
    const run_id = `nightly-${String(run + 1).padStart(4, "0")}`;
    const run_ts = new Date(firstRun.getTime() + i * DAY_MS);
    const version = `2.0-${17_000 + 137 * Math.floor(run / 9)}`;
    const git_commit = random.chance(0.04) ? null : commit; // a tree with changes not committed
    for (const design of DESIGNS) {
      for (const platform of PLATFORMS) {
        const name = [design.design, platform.platform];
        const made = [git_commit, "OpenROAD", version, "sample", null];
        const common = [run_id, run_ts, ...name, "base", stage, null, ...made];
        const trouble = troubleOf(seed, run, name);
        yield { seed, run, common, trouble, ...design, ...platform } satisfies Flow;
      }
    }
  }
}

/**
 * From 1 down to 0.08, two thirds of the way in 14 runs; one run in twelve is a setback. Never 0: at 0.08
 * there is still a DRC violation in every run, so that each has rows.
 */
function troubleOf(seed: number, run: number, name: string[]): number {
  const random = randomOf(seed, "trouble", run, ...name);
  const setback = random.chance(1 / 12) ? 0.15 : 0;
  return 0.08 + 0.92 * Math.exp(-run / 14) * random.between(0.95, 1.05) + setback;
}
