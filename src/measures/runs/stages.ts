/** Stages in flow order, first match; unknown names come before all. */
const STAGES = [
  "syn",
  "floor",
  "place",
  "cts|clock",
  "glob|grt",
  "rout|drt",
  "finish|final|sign.?off|report",
];

/** Numbered steps keep their numbers' order: `43-openroad-detailedrouting`, `5_2_route`. */
const NUMBERED = String.raw`^(\d{1,4})(?:_(\d{1,3}))?[-_. ]`;

/** SQL: a stage's rank; `preCTS` is before `cts`, `postCTS` after it. */
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
