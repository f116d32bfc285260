import { z } from "@hono/zod-openapi";

/** What a capture saw of one panel. */
export const Panel = z.object({
  id: z.int(),
  title: z.string(),
  state: z.enum(["loaded", "empty", "error", "waiting", "none"]).openapi({
    description: "`waiting`: it had not answered in time; `none`: it asks for nothing.",
  }),
  message: z.string().nullable().openapi({ description: "What an error says, secrets masked." }),
}).openapi("Panel");
export type Panel = z.infer<typeof Panel>;

/** What a capture shows. */
export const Outcome = z.enum(["loaded", "empty", "error", "timeout", "denied", "gone"]);
export type Outcome = z.infer<typeof Outcome>;
