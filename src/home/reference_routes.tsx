import { Hono } from "hono";
import { ReferencePage } from "../../views/reference.tsx";
import type { Env } from "../who.ts";
import { type Document, referenceOf } from "./reference.ts";

/** `/api`: the OpenAPI document to read and to try, for all who are signed in. */
export function referencePages(document: Document, origin: string) {
  const reference = referenceOf(document, origin);
  return new Hono<Env>()
    .get("/", (c) => c.html(<ReferencePage who={c.var.who} reference={reference} />));
}
