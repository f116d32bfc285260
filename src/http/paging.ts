import { z } from "@hono/zod-openapi";

const base64 = { alphabet: "base64url", omitPadding: true } as const;

export const DEFAULT_LIMIT = 50;
/** The page size: 50 by default, 500 at most. */
export const Limit = z.string()
  .regex(/^[1-9]\d{0,2}$/, "must be a whole number from 1 to 500").transform(Number)
  .refine((n) => n <= 500, "must be from 1 to 500")
  .default(DEFAULT_LIMIT)
  .openapi({ type: "integer", minimum: 1, maximum: 500, example: 50 });

/** `next_cursor`: where the next page begins. */
export function writeCursor(place: string | number | null): string | null {
  return place === null ? null : new TextEncoder().encode(`${place}`).toBase64(base64);
}

export const cursor = (pattern: RegExp) =>
  z.string().max(200).transform((text, context) => {
    try {
      const place = new TextDecoder("utf-8", { fatal: true }).decode(
        Uint8Array.fromBase64(text, { alphabet: "base64url" }),
      );
      if (pattern.test(place)) return place;
    } catch { /* said below */ }
    context.addIssue("is not a cursor that an answer gave");
    return z.NEVER;
  }).optional().openapi({ type: "string", description: "`next_cursor` of the page before." });

export const Id = z.string().regex(/^[1-9]\d{0,14}$/, "must be a number").transform(Number)
  .openapi({ type: "integer", example: 1 });

export const IdQuery = Id.optional();

/** `path` with those of the fields that are set. */
export function addressWith(path: string, fields: Record<string, string | undefined>): string {
  const set = Object.entries(fields).filter((pair): pair is [string, string] => !!pair[1]);
  return set.length > 0 ? `${path}?${new URLSearchParams(set)}` : path;
}
