import type { Named } from "./measures.ts";
import type { RunRow } from "./runs/values.ts";

/** What a number is compared with: the run's name, its value, or why there is nothing to compare. */
export type Compared = {
  run: string | null;
  value?: { value: number; unit: string | null };
  why?: string;
};

/** Lengths that a report's list of paths is cut at: 10, 20, 25, 50, 100 … */
const isRound = (n: number) =>
  n >= 10 && [1, 2, 2.5, 5].some((k) => Number.isInteger(Math.log10(n / k)));

/** Why a number of this run is not sure, as a sentence; undefined where it is. */
export function doubtOf(measure: Named, run: RunRow, lists_at: number): string | undefined {
  if (measure.doubt) return measure.doubt;
  if (!measure.objects || !/^(?:setup_tns|violations)$/.test(measure.name)) return undefined;
  const [paths, best] = [run[`v${lists_at}`], run[`v${lists_at + 1}`]];
  if (typeof paths !== "number" || typeof best !== "number") return undefined;
  const cut = best < 0 && isRound(paths);
  return cut ? `Only ${paths} paths are listed, and the last of them still fails.` : undefined;
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
