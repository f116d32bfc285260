import { z } from "@hono/zod-openapi";

export const Panel = z.object({
  id: z.int(),
  title: z.string(),
  state: z.enum(["loaded", "empty", "error", "waiting", "none"]).openapi({
    description: "`waiting`: it had not answered in time; `none`: it asks for nothing.",
  }),
  message: z.string().nullable().openapi({ description: "The error's text, secrets masked." }),
}).openapi("Panel");
export type Panel = z.infer<typeof Panel>;

export const Outcome = z.enum(["loaded", "empty", "error", "timeout", "denied", "gone"]);
export type Outcome = z.infer<typeof Outcome>;

export const PICTURE_TYPES = ["gif", "png", "webp"] as const;
export type PictureType = typeof PICTURE_TYPES[number];
