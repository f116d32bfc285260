import { z } from "zod";
import { open, seal } from "../credentials/seal.ts";
import { ExternalError } from "../errors.ts";
import { logFailure } from "../external/log/failure.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import { asExternal } from "../external/postgres/postgres.ts";
import { limitConcurrency } from "../external/semaphore.ts";
import { respond } from "../external/slack/respond.ts";
import { type Failure, runRetries } from "../retries/retries.ts";
import { retryAad } from "../retries/sealed.ts";
import { cancel, type Claimed, enqueue } from "../retries/store.ts";
import type { App, Deps, Envelope, Kind } from "./envelope.ts";
import { HANDLERS } from "./handle.ts";
import { insertSeen, pruneSeen } from "./store.ts";

/** `text`: the payload as JSON. */
export type Call = { kind: Kind; app: App; text: string };
type Queued = Call & { received_at: string };

export type Inbox = ReturnType<typeof openInbox>;

const RETRY = "slack_call";
const MOST_AT_ONCE = 4;
/** Further calls wait in the database for a minute at most. */
const MOST_WAITING = 100;
/** Slack takes an answer for 30 minutes. */
const LIFE_MS = 30 * 60_000;
/** Slack takes so many at a response_url; a handler that fails may have sent two. */
const MOST_ANSWERS = 5;
const MOST_ANSWERS_EACH = 2;
const LATE = "Slack takes no further answer to this call.";
/** Less than the 15 s after which another process may claim the call. */
const WORK_MS = 14_000;

/** Takes calls from Slack, each once, whatever the transport and however many processes there are. */
export function openInbox(deps: Deps, signal: AbortSignal) {
  const permit = limitConcurrency(MOST_AT_ONCE);
  const running = new Set<Promise<void>>();
  function start(subject: string) {
    if (signal.aborted || running.size >= MOST_WAITING) return;
    const work = permit(() => withDeadline(DEADLINES.job, () => runCalls(deps, signal, subject)))
      .catch((error) => logFailure(deps.log, "Calls from Slack wait.", error))
      .finally(() => running.delete(work));
    running.add(work);
  }
  return {
    /** Once this resolves, the call is not lost: it waits in the database until it is handled. */
    async receive(call: Call): Promise<void> {
      const subject = `${appName(call.app)} ${call.kind} ${await idOf(call)}`;
      const queued: Queued = { ...call, received_at: new Date().toISOString() };
      // Sealed: a response_url lets its holder post into the channel.
      const secret = await seal(deps.sealKeys, retryAad(RETRY, subject), JSON.stringify(queued));
      const isNew = await deps.db.begin(async (tx) => {
        if (!await insertSeen(tx, subject)) return false;
        await enqueue(tx, { kind: RETRY, subject, target: "Slack", payload: {}, secret });
        return true;
      });
      if (isNew) start(subject);
    },
    /** Resolves when the calls under way have ended; abort the signal first to end them early. */
    idle: async (): Promise<void> => void await Promise.allSettled(running),
  };
}

/** Handles the calls that a process did not finish, and forgets old ids. */
export async function finishCalls(deps: Deps, signal: AbortSignal): Promise<void> {
  await runCalls(deps, signal);
  await pruneSeen(deps.db);
}

const runCalls = (deps: Deps, signal: AbortSignal, subject?: string) =>
  runRetries(deps.db, { [RETRY]: (retry) => handleQueued(deps, retry, signal) }, signal, subject);

/** Returns a failure that passes; logs and drops a call that can never be handled. */
async function handleQueued(
  deps: Deps,
  { subject, secret, failures }: Claimed,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  try {
    const text = await open(deps.sealKeys, retryAad(RETRY, subject), secret!);
    const { kind, app, text: payload, received_at }: Queued = JSON.parse(text);
    if (Date.now() - Date.parse(received_at) > LIFE_MS) return undefined;
    const work = AbortSignal.any([signal, AbortSignal.timeout(WORK_MS)]);
    const call = { kind, app, text: payload };
    const envelope = envelopeOf(deps, call, { subject, failures }, work);
    await HANDLERS[kind](deps, envelope, work);
  } catch (thrown) {
    const error = asExternal(thrown);
    logFailure(deps.log, "A call from Slack failed.", error);
    const passes = error instanceof ExternalError && !error.permanent;
    return passes ? { message: error.message, unavailable: false } : undefined;
  }
}

function envelopeOf(
  { outside }: Deps,
  { kind, app, text }: Call,
  { subject, failures }: Pick<Claimed, "subject" | "failures">,
  signal: AbortSignal,
): Envelope {
  const payload = JSON.parse(text);
  let answers = failures * MOST_ANSWERS_EACH;
  return {
    kind,
    app,
    payload,
    async respond(answer) {
      const url = payload.response_url;
      if (typeof url !== "string") return;
      if (answers++ >= MOST_ANSWERS) throw new ExternalError("Slack", LATE, true);
      await respond(url, answer, { apiUrl: outside.slack_api_url }, signal);
    },
    take: (tx) => cancel(tx, RETRY, subject),
  };
}

const appName = ({ user_id }: App) => user_id === null ? "installation" : `user ${user_id}`;

const Id = z.string().regex(/^[\w.:-]{1,200}$/).optional().catch(undefined);
const Ids = z.object({ trigger_id: Id, event_id: Id });

/** Slack's own id of the call. One without an id is known by its content. */
async function idOf({ kind, text }: Call): Promise<string> {
  const { trigger_id, event_id } = Ids.parse(JSON.parse(text));
  const id = kind === "event" ? event_id : trigger_id;
  if (id !== undefined) return id;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256 ${new Uint8Array(digest).toHex()}`;
}
