import { z } from "@hono/zod-openapi";
import type { Db } from "../external/postgres/postgres.ts";
import * as store from "./store.ts";

const State = z.enum(["pending", "done", "failed"]);
export const Workspace = z.object({
  state: z.enum(["pending", "ready", "failed"]),
  steps: z.array(z.object({
    name: z.string().openapi({ example: "roles" }),
    state: State,
    attempts: z.int(),
    message: z.string().nullable(),
  })),
}).openapi("Workspace");

export function summary(steps: store.StepRow[]): z.infer<typeof Workspace> {
  const state = steps.some(({ state }) => state === "failed")
    ? "failed"
    : steps.every(({ state }) => state === "done")
    ? "ready"
    : "pending";
  return { state, steps };
}

/** The workspace's steps; null: the user (admin) has none. */
export async function workspaceOf(db: Db, user_id: number) {
  const steps = await store.stepsOf(db, user_id);
  return steps.length === 0 ? null : summary(steps);
}
