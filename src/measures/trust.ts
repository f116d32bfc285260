import type { Named } from "./measures.ts";
import type { Listed } from "./runs/listed.ts";
import type { RunRow } from "./runs/values.ts";

/** What a number is compared with: the run's name, its value, or why there is nothing to compare. */
export type Compared = {
  run: string | null;
  value?: { value: number; unit: string | null };
  why?: string;
};

/** Why a number of this run is not sure, as a sentence; undefined where it is. */
export function doubtOf(measure: Named, listed: Listed | undefined): string | undefined {
  if (measure.doubt || !listed?.cut) return measure.doubt;
  return `Only ${listed.cut} paths are listed, and the last of them still fails.`;
}

/**
 * Why two runs of a group cannot be compared, as a sentence: they end at different stages, or the number of
 * one of them comes from a corner that the other has not.
 */
export function unlike(measure: Named, i: number, now: RunRow, before: RunRow): string | undefined {
  if (measure.folds.stage === "last" && now.of_stage !== before.of_stage) {
    return `This run ends at stage ${now.of_stage}, the one before at ${before.of_stage}.`;
  }
  const has = (run: RunRow, other: RunRow) => {
    const corner = run[`c${i}`];
    return !corner || other.corners.split(" ").includes(String(corner));
  };
  if (has(now, before) && has(before, now)) return undefined;
  return `This run has the corners ${now.corners || "of none"}, the one before ${before.corners}.`;
}
