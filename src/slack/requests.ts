import { z } from "zod";
import { valueOf } from "../credentials/credentials.ts";
import { AppError } from "../errors.ts";
import { findUser } from "../users/store.ts";
import type { App, Deps, Kind } from "./envelope.ts";
import type { Call } from "./inbox.ts";
import { isCurrent, isSigned, type Signed } from "./signature.ts";
import { insertSeen } from "./store.ts";

const refused = () =>
  new AppError(
    "signature_refused",
    401,
    "The request's Slack signature is missing, wrong, too old or used before.",
  );

/** Throws 401 unless the app's signing secret signed these bytes, within 5 minutes and for the first time. */
export async function checkSignature(deps: Deps, app: App, signed: Signed): Promise<void> {
  if (!isCurrent(signed, Date.now())) throw refused();
  const secret = await secretOf(deps, app);
  if (secret === undefined || !await isSigned(secret, signed)) throw refused();
  if (!await insertSeen(deps.db, `signature ${signed.signature}`)) throw refused();
}

/** Undefined: the app takes no calls; its user is unknown or not active, or has no such credential. */
async function secretOf(deps: Deps, { user_id }: App): Promise<string | undefined> {
  if (user_id === null) return deps.outside.slack_signing_secret;
  if (!(await findUser(deps.db, user_id))?.is_active) return undefined;
  return await valueOf(deps, user_id, "SLACK_SIGNING_SECRET");
}

const malformed = () => new AppError("malformed_request", 400, "The request is not well formed.");

const Payload = z.looseObject({});

/** The payload of a request as JSON. Throws 400 for anything that is no JSON object in UTF-8. */
export function readPayload(kind: Kind, body: Uint8Array): Call["text"] {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    if (kind === "event") return object(text);
    const fields = new URLSearchParams(text);
    if (kind === "command") return JSON.stringify(Object.fromEntries(fields));
    const [payload, ...more] = fields.getAll("payload");
    if (payload === undefined || more.length > 0) throw malformed();
    return object(payload);
  } catch {
    throw malformed();
  }
}

function object(text: string): string {
  Payload.parse(JSON.parse(text));
  return text;
}

const Challenge = z.object({
  type: z.literal("url_verification"),
  challenge: z.string().max(1_000),
});

/** What the Events API asks of a new address; undefined for an event. */
export function challengeOf(text: string): string | undefined {
  return Challenge.safeParse(JSON.parse(text)).data?.challenge;
}
