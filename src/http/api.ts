import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Env } from "../who.ts";
import { Id } from "./paging.ts";
import { refuse } from "./replies.ts";

/** A router of the API, on which refuse() answers for the schemas. */
export const newApi = () => new OpenAPIHono<Env>({ defaultHook: refuse });

const content = <T>(schema: T) => ({ "application/json": { schema } });
export const json = <T>(schema: T, description: string) => ({
  description,
  content: content(schema),
});
export const body = <T>(schema: T) => ({ required: true, content: content(schema) });
export const optionalBody = <T>(schema: T) => ({ content: content(schema) });
/** A call without fields takes `{}` or nothing. */
export const noFields = optionalBody(z.strictObject({}));
export const ById = z.object({ id: Id });
