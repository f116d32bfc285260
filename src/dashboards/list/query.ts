import { z } from "@hono/zod-openapi";
import { cursor, IdQuery, Limit } from "../../http/paging.ts";
import { Outcome } from "../../previews/outcome.ts";
import { KINDS } from "../../workspaces/names.ts";
import { type Place, SORTS, STATES } from "../store.ts";

const text = (most: number, description: string) =>
  z.string().min(1).max(most).regex(/^[^\0]*$/, "must not contain a NUL").optional()
    .openapi({ description });

export const Query = z.strictObject({
  user_id: IdQuery,
  username: text(32, "Of this user."),
  kind: z.enum(KINDS).optional(),
  step: z.enum(["create", "capture", "notify", "done"]).optional(),
  state: z.enum(STATES).optional().openapi({ description: "The step, or `attention`." }),
  outcome: Outcome.optional(),
  design: text(700, "Has numbers of this design, as `group` names it."),
  q: text(130, "The name contains this text; upper and lower case are alike."),
  archived: z.enum(["true", "false"]).transform((text) => text === "true").optional(),
  sort: z.enum(SORTS).default("newest").openapi({
    description: "`state`: what needs attention first, then by step.",
  }),
  limit: Limit,
  cursor: cursor(/^[1-9]\d{0,14}(?: .{0,135})?$/su),
});
export type Query = z.infer<typeof Query>;

/** As a form sends it: an empty field is no filter. */
export const FormQuery = z.record(z.string(), z.string()).transform((fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ""))
).pipe(Query.extend({ view: z.enum(["grid", "table"]).optional() }));

export function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [id] = cursor.split(" ", 1);
  return { id: Number(id), key: cursor.slice(id!.length + 1) };
}

export const writePlace = ({ id, key }: Place) => key === "" ? `${id}` : `${id} ${key}`;
