import { always, type CanonicalColumn, moment, text } from "./column.ts";

/** What every imported table opens with. */
export const COMMON: Record<string, CanonicalColumn> = {
  run_id: text("run", "Names the run; of files without one, their content's hash."),
  run_ts: moment("time", "When the run took place: as the call says, else the file, else now."),
  design: text("design", "Design or block under test."),
  platform: text("platform", "PDK, library or device family."),
  variant: text("variant", "Flow variant or configuration."),
  stage: text("stage", "Flow stage, such as place, cts, route, finish."),
  corner: text("corner", "Corner, mode or view; null: of the worst, or of all."),
  git_commit: text("commit", "Commit of the design's sources."),
  tool: text("tool", "Tool that wrote the report."),
  tool_version: text(null, "Version of the tool."),
  format: text(null, "Format of the file, such as opensta-report_checks."),
  file: text(null, "Name of the file."),
};

for (const [name, column] of Object.entries(COMMON)) COMMON[name] = always(column);
