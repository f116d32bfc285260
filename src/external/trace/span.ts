import { ExternalError } from "../../errors.ts";
import { logHere, requestIdHere, traceparentHere, withLog } from "../log/log.ts";

/** Read at its end. Our own names and numbers: never a URL, which may hold a signature. */
export type Span = {
  name: string;
  kind?: "server" | "client";
  attributes: Record<string, string | number | undefined>;
  /** The code of a failure. */
  error?: string;
};
/** `traceparent`: what a further span takes as its parent, as W3C Trace Context writes it. */
export type Tracer = {
  start(span: Span, parent: string | undefined): { traceparent: string; end(): void };
};

let tracer: Tracer | undefined;

/** Undefined: no more spans. */
export function traceBy(one: Tracer | undefined): void {
  tracer = one;
}

/** Does `work` within a span, a child of the one that it is called in. */
export async function traced<T>(span: Span, work: () => Promise<T>): Promise<T> {
  if (!tracer) return await work();
  const { traceparent, end } = tracer.start(span, traceparentHere());
  try {
    return await withLog({ log: logHere(), request_id: requestIdHere(), traceparent }, work);
  } catch (error) {
    span.error = error instanceof ExternalError ? error.more.code ?? "failed" : "failed";
    throw error;
  } finally {
    end();
  }
}
