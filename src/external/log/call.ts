import { ExternalError, type System } from "../../errors.ts";
import { countSlackAnswer } from "../metrics/metrics.ts";
import { type Span, traced } from "../trace/span.ts";
import { logHere } from "./log.ts";

/** Logs and counts a call to an outside system with its time: a change as INFO, what only reads as DEBUG. */
export async function loggedCall<T>(
  system: System,
  call: string,
  isWrite: boolean,
  work: () => Promise<T>,
): Promise<T> {
  const log = logHere();
  const started = performance.now();
  const ended = (code: string) => {
    const ms = Math.round(performance.now() - started);
    if (system === "Slack") countSlackAnswer(call, code);
    log[isWrite ? "info" : "debug"](`${system}: ${call}`, { system, call, code, ms });
  };
  try {
    const result = await traced(spanOf(system, call), work);
    ended("ok");
    return result;
  } catch (error) {
    ended(error instanceof ExternalError ? error.more.code ?? "failed" : "failed");
    throw error;
  }
}

/** Of a path only the part that our own code names: `GET /api/dashboards`. */
function spanOf(system: System, call: string): Span {
  const method = call.split("/").slice(0, 3).join("/");
  const attributes = { "dashkeeper.system": system, "dashkeeper.method": method };
  return { name: `${system} ${method}`, kind: "client", attributes };
}
