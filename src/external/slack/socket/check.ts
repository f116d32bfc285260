import { z } from "zod";
import { ExternalError } from "../../../errors.ts";
import { call } from "../call.ts";
import type { Options } from "./connection.ts";
import { forAppToken } from "./refusals.ts";

/** Asks Slack for the address of a connection without opening it. Throws ExternalError. */
export async function checkAppToken(
  { app_token: token, apiUrl, timeoutMs }: Options,
  signal: AbortSignal,
): Promise<void> {
  try {
    await call({ token, apiUrl, timeoutMs }, "apps.connections.open", {}, z.unknown(), signal);
  } catch (error) {
    throw error instanceof ExternalError ? forAppToken(error) : error;
  }
}
