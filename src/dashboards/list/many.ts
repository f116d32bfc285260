import { z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import { Id } from "../../http/paging.ts";
import type { Who } from "../../who.ts";
import { retakePreview, retryDashboard, visibleDashboard } from "../listing.ts";
import type { Deps } from "../../grafana/removal.ts";
import { removeDashboard } from "../remove.ts";

const MOST = 500;

export const ManyForm = z.object({
  ids: z.union([Id.transform((id) => [id]), z.array(Id).max(MOST)]).default([]),
  action: z.enum(["retry", "capture", "remove"]),
  /** Removal is asked first. */
  sure: z.literal("yes").optional(),
});
export type ManyAction = z.infer<typeof ManyForm>["action"];

/** `message`: why it was not done. */
export type ManyResult = { id: number; name: string; message: string | null };

const ACTIONS: Record<ManyAction, (deps: Deps, who: Who, id: number) => Promise<unknown>> = {
  retry: ({ db }, who, id) => retryDashboard(db, who, id),
  capture: ({ db }, who, id) => retakePreview(db, who, id),
  remove: removeDashboard,
};

/** The chosen dashboards that `who` may see. */
export async function chosenDashboards({ db }: Deps, who: Who, ids: number[]) {
  const found = [];
  for (const id of ids) {
    const row = await visibleDashboard(db, who, id).catch(ifKnown);
    if (!(row instanceof AppError)) found.push(row);
  }
  return found;
}

/** Does it to each dashboard by the caller's rights to it; one that is refused does not stop the others. */
export async function actOnMany(
  deps: Deps,
  who: Who,
  action: ManyAction,
  ids: number[],
): Promise<ManyResult[]> {
  const results: ManyResult[] = [];
  for (const id of ids) {
    const row = await visibleDashboard(deps.db, who, id).catch(ifKnown);
    const name = row instanceof AppError ? `Dashboard ${id}` : row.table_name;
    const done = row instanceof AppError
      ? row
      : await ACTIONS[action](deps, who, id).catch(ifKnown);
    results.push({ id, name, message: done instanceof AppError ? done.message : null });
  }
  return results;
}

function ifKnown(error: unknown): AppError {
  if (error instanceof AppError) return error;
  throw error;
}
