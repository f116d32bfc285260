import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { load, real, type Row } from "./boards.ts";

const FOLDER = new URL("../../../../shared/data/orfs/", import.meta.url);

/** A design's last result; slacks in ns whatever its platform counts in, null where there is none. */
export type Timing = {
  platform: string;
  design: string;
  setup_wns_ns: number | null;
  setup_tns_ns: number | null;
  setup_violations: number | null;
  hold_violations: number | null;
  max_slew_violations: number | null;
  max_cap_violations: number | null;
};

/** The real results: of many runs their quality and DRC iterations, of each design its timing. */
export async function flowResults() {
  try {
    await Deno.stat(FOLDER);
  } catch {
    throw new Error(`The real flow results are missing: put them into ${FOLDER.pathname}`);
  }
  return {
    qor: await real("qor_history"),
    drc: await real("drc_iterations"),
    timing: await readTiming(),
  };
}

/** Loads them as a team would: a table in each of the databases that these URLs open. */
export async function loadResults(databases: { timing: Sql; qor: Sql; drc: Sql }) {
  const { timing } = await flowResults();
  await load(databases.qor, "qor_history");
  await load(databases.drc, "drc_iterations");
  await databases.timing`create table timing_summary (platform text, design text,
    setup_wns_ns float8, setup_tns_ns float8, setup_violations int, hold_violations int,
    max_slew_violations int, max_cap_violations int)`;
  await databases.timing`insert into timing_summary ${databases.timing(timing)}`;
}

/** Each design's last timing, from its metadata. */
export async function readTiming(): Promise<Timing[]> {
  const folder = new URL("metadata/", FOLDER);
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return await Promise.all(
    names.sort().map(async (file) => {
      const [platform, design] = file.replace(".json", "").split("__") as [string, string];
      const result = JSON.parse(await Deno.readTextFile(new URL(file, folder)));
      const ns = { "1ps": 1e-3, "1ns": 1 }[result.run__flow__platform__time_units as string];
      const number = (name: string, factor: number | undefined = 1) => {
        const value = result[`finish__timing__${name}`];
        return typeof value === "number" ? value * factor : null;
      };
      return {
        platform,
        design,
        setup_wns_ns: number("setup__ws", ns),
        setup_tns_ns: number("setup__tns", ns),
        setup_violations: number("drv__setup_violation_count"),
        hold_violations: number("drv__hold_violation_count"),
        max_slew_violations: number("drv__max_slew"),
        max_cap_violations: number("drv__max_cap"),
      };
    }),
  );
}

/** Each design's newest row of a history. */
export function newestOfEach(rows: Row[]): Map<string, Row> {
  const newest = new Map<string, Row>();
  for (const row of rows) {
    const name = `${row.platform} ${row.design}`;
    const before = newest.get(name);
    if (!before || Date.parse(row.run_ts!) >= Date.parse(before.run_ts!)) newest.set(name, row);
  }
  return newest;
}
