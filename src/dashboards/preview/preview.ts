import { AppError } from "../../errors.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import type { Who } from "../../who.ts";
import { showDashboard, visibleDashboard } from "../listing.ts";
import { withoutData } from "../../pipeline/capture/outcome.ts";
import { findPreview, lastRuns, type Preview } from "../../pipeline/runs_store.ts";
import type { PictureType } from "../../previews/outcome.ts";
import { findTries } from "../../pipeline/queue_store.ts";

/** `known`: ETags of an If-None-Match header; a match is returned without bytes. Throws 404 without a preview. */
export async function showPreview(
  db: Sql,
  who: Who,
  id: number,
  what: PictureType,
  known: string[],
): Promise<Preview> {
  await visibleDashboard(db, who, id);
  const preview = await findPreview(db, id, what, known);
  if (!preview) {
    throw new AppError("preview_unknown", 404, "There is no preview of this dashboard yet.");
  }
  return preview;
}

const RUNS_SHOWN = 10;

/** `pictured`: the run whose pictures are shown. */
export async function showStory(db: Sql, who: Who, id: number) {
  const row = await showDashboard(db, who, id);
  const [runs, tries] = await Promise.all([lastRuns(db, id, RUNS_SHOWN), findTries(db, id)]);
  return {
    row,
    runs,
    tries,
    pictured: runs.find(({ has_gif }) => has_gif) ?? null,
    without_data: withoutData(row.outcome, row.panels),
  };
}

export type Story = Awaited<ReturnType<typeof showStory>>;
