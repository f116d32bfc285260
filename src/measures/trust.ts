import type { Named } from "./measures.ts";
import type { Listed } from "./runs/listed.ts";
import type { RunRow } from "./runs/values.ts";

/** The previous run's name and value, or why the two cannot be compared. */
export type Compared = {
  run: string | null;
  value?: { value: number; unit: string | null };
  why?: string;
};

/** Undefined when the number is sure. */
export function doubtOf(measure: Named, listed: Listed | undefined): string | undefined {
  if (measure.doubt || !listed?.cut) return measure.doubt;
  return `The report lists only ${listed.cut} paths and the last one fails: more may fail.`;
}

/** Why two runs differ in scope: in their last stage, or in the corner of the worst value. */
export function unlike(measure: Named, i: number, now: RunRow, before: RunRow): string | undefined {
  if (measure.folds.stage === "last" && now.of_stage !== before.of_stage) {
    return `This run ends at stage ${now.of_stage}, the previous run at ${before.of_stage}.`;
  }
  const has = (run: RunRow, other: RunRow) => {
    const corner = run[`c${i}`];
    return !corner || other.corners.split(" ").includes(String(corner));
  };
  if (has(now, before) && has(before, now)) return undefined;
  return `This run has corners ${now.corners || "none"}, the previous run ${before.corners}.`;
}
