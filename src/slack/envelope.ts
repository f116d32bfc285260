import type { Db } from "../external/postgres/postgres.ts";
import type { Block } from "../external/slack/post.ts";
import type { Deps as NotifyDeps } from "../pipeline/notify/notify.ts";

export type Deps = Omit<NotifyDeps, "limits">;

/** Whose Slack app called: a user's own one, or, where null, the installation's. */
export type App = { user_id: number | null };
export type Kind = "interaction" | "command" | "event";

/** What a response_url takes. Without `response_type` only the person who asked sees it. */
export type Answer = {
  text: string;
  blocks?: Block[];
  response_type?: "ephemeral" | "in_channel";
  replace_original?: boolean;
};

/** One call from Slack, however it came in. */
export type Envelope = {
  kind: Kind;
  /** A command's form fields; the JSON of an interaction or of an event with its wrapper. */
  payload: Record<string, unknown>;
  app: App;
  /** Answers at the call's response_url; does nothing for a call without one. Throws ExternalError. */
  respond(answer: Answer): Promise<void>;
  /**
   * For an effect that must not happen twice: takes the call in the transaction of the effect. False: it
   * was taken before. An effect that is not in the database may, after a crash, happen again.
   */
  take(tx: Db): Promise<boolean>;
};

/** Throws ExternalError where the call cannot be handled now; it is handled again later. */
export type Handler = (deps: Deps, envelope: Envelope, signal: AbortSignal) => Promise<void>;
