/**
 * Stages as flows name them, the later the higher (the first that fits: a global route is none of the
 * detailed ones); what has no known name comes before all.
 */
const STAGES = [
  "syn",
  "floor",
  "place",
  "cts|clock",
  "glob|grt",
  "route|drt",
  "finish|final|sign.?off|report",
];

/** A stage's rank as SQL; `stage` is the SQL of its name. */
export function stageRank(stage: string): string {
  const cases = STAGES.map((words, i) =>
    `WHEN pg_catalog.lower(${stage}) ~ '${words}' THEN ${i + 1}`
  );
  return `CASE ${cases.join(" ")} ELSE 0 END`;
}
