import { numberOf } from "../numbers.ts";
import type { WriteRow } from "../rows.ts";
import { type Place, placed } from "./place.ts";

const DESIGN = /^Design area (\S+) um?\^2 (\S+)% utilization\.$/;
const HEADER = /^Cell type report: +Count +Area$/;
const TYPE = /^(\S+(?: \S+)*) {2,}(\d+) +([\d.]+)$/;

type Run = Pick<Place, "corner" | "stage"> & { found: Record<string, number | null> };

/** Reads `report_design_area` and the cell types of `report_cell_usage`; a run for each stage. */
export function areaReader(write: WriteRow, place: Place) {
  const runs = new Map<string | null, Run>();
  let isInTypes = false;
  const keep = (found: Run["found"]) => {
    const { stage } = place;
    const run = runs.get(stage) ?? { corner: null, stage, found: {} };
    runs.set(stage, { ...run, found: { ...run.found, ...found } });
    return true;
  };
  const type = ([, category, count, area]: string[]) => {
    if (category === "Total") {
      isInTypes = false;
      return keep({ cells: Number(count) });
    }
    const row = { category: category!, cells: Number(count), area: numberOf(area!) };
    write("qor", "area", { ...row, ...placed({ ...place, corner: null }) });
    return true;
  };
  return {
    /** True: the line is one of these. */
    line(text: string): boolean {
      const [, area, utilization] = DESIGN.exec(text) ?? [];
      if (area) return keep({ area_um2: numberOf(area), utilization_pct: numberOf(utilization!) });
      if (HEADER.test(text)) return isInTypes = true;
      const row = isInTypes ? TYPE.exec(text) : null;
      isInTypes &&= row !== null;
      return row !== null && type(row);
    },
    /** Returns the number of rows. */
    end(): number {
      for (const { found, ...at } of runs.values()) {
        write("qor", "runs", { ...found, ...placed(at) });
      }
      return runs.size;
    },
  };
}
