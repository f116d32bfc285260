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
  "rout|drt",
  "finish|final|sign.?off|report",
];

/** Steps that carry their number, `43-openroad-detailedrouting` or `5_2_route`, are in its order. */
const NUMBERED = String.raw`^(\d{1,4})(?:_(\d{1,3}))?[-_. ]`;

/** A stage's rank as SQL; `stage` is the SQL of its name. `preCTS` is before `cts`, `postCTS` after it. */
export function stageRank(stage: string): string {
  const name = `pg_catalog.lower(${stage})`;
  const cases = STAGES.map((words, i) => `WHEN ${name} ~ '${words}' THEN ${4 * i + 4}`);
  const part = (n: number) => `(pg_catalog.regexp_match(${stage}, '${NUMBERED}'))[${n}]::int`;
  return `CASE WHEN ${stage} ~ '${NUMBERED}' THEN 100 + 1000 * ${part(1)} + COALESCE(${
    part(2)
  }, 0) ` +
    `ELSE CASE ${
      cases.join(" ")
    } ELSE 0 END + CASE WHEN ${name} ~ 'post' THEN 1 WHEN ${name} ~ 'pre' THEN -1 ELSE 0 END END`;
}
