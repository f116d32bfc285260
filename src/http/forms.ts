import { zValidator } from "@hono/zod-validator";
import type { Context } from "hono";
import { z } from "@hono/zod-openapi";
import { AppError, type ErrorStatus, type Issue } from "../errors.ts";
import type { Env } from "../who.ts";
import { ById } from "./api.ts";
import { refuse } from "./replies.ts";

export type PageContext = Context<Env>;
export type Again = { typed: Record<string, string>; issues: Issue[] };
export type Show = (
  c: PageContext,
  again: Again,
  status: ErrorStatus,
) => Response | Promise<Response>;

export const byId = zValidator("param", ById, refuse);

function typedIn(data: object): Again["typed"] {
  const typed = Object.entries(data).filter(([name, value]) =>
    typeof value === "string" && name !== "key_value"
  );
  return Object.fromEntries(typed);
}

/** What a schema refused, in the words of a form. */
export function againAfter(data: object, issues: readonly object[]): Again {
  type Fault = { path: PropertyKey[]; message: string; format?: string; code?: string };
  const shown = (issues as Fault[]).map(({ path, message, format, code }) => {
    if (format === "datetime") message = "must be a date and a time";
    else if (code === "invalid_type") message = "is missing";
    return { path: path.join("."), message };
  });
  return { typed: typedIn(data), issues: shown };
}

export function form<S extends z.ZodType>(schema: S, show: Show) {
  return zValidator("form", schema, async (result, c) => {
    if (!result.success) {
      return await show(
        c as PageContext,
        againAfter(result.data as object, result.error.issues),
        422,
      );
    }
  });
}

/** A browser sends a moment without its zone, and a full minute without seconds. Empty: none. */
export function moment<S extends z.ZodType<unknown, string | null | undefined>>(schema: S) {
  return z.string().optional().transform((text): string | null | undefined => {
    if (/T\d\d:\d\d$/.test(text ?? "")) return `${text}:00Z`;
    return /T\d\d:\d\d:[\d.]+$/.test(text ?? "") ? `${text}Z` : text || null;
  }).pipe(schema);
}

/** For what only our own pages send, in addresses and hidden fields. */
export function refuseForged(result: { success: boolean }): void {
  if (result.success) return;
  throw new AppError("invalid_input", 422, "Our pages do not send this: go back and try again.");
}

/** Shows a 409 (at `field`) and a 422 with issues on the form's page; throws other errors. */
export async function orShow(
  c: PageContext,
  { show, field = "" }: { show: Show; field?: string },
  work: () => Promise<Response>,
): Promise<Response> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { status, message, more: { issues } } = error;
    if (status !== 409 && !(status === 422 && issues)) throw error;
    const typed = typedIn(await c.req.parseBody());
    return await show(c, { typed, issues: issues ?? [{ path: field, message }] }, status);
  }
}

/** The JSON that a page's script sends. Throws 422 where the schema does not take it. */
export async function readJsonOf<S extends z.ZodType>(
  c: PageContext,
  schema: S,
): Promise<z.infer<S>> {
  const result = schema.safeParse(await c.req.json().catch(() => undefined));
  if (result.success) return result.data;
  throw new AppError("invalid_input", 422, result.error.issues[0]!.message);
}
