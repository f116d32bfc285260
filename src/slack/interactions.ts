import { z } from "zod";
import { AppError } from "../errors.ts";
import { logFailure } from "../external/log/failure.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { capture } from "../dashboards/capture.ts";
import {
  acknowledge,
  mute,
  type Part,
  Unchanged,
  unmute,
  untilAfter,
} from "../dashboards/muting/muting.ts";
import { ACTIONS, type Pressed, readValue } from "../pipeline/notify/controls.ts";
import { findPostedRun, type PostedRun } from "../pipeline/posted_store.ts";
import type { Deps, Envelope, Handler } from "./envelope.ts";

const Id = z.string().regex(/^\w{1,40}$/);
const Value = z.object({ value: z.string().max(200) });

const Press = z.object({
  type: z.literal("block_actions"),
  team: z.object({ id: Id }),
  user: z.object({ id: Id, team_id: Id.optional() }),
  channel: z.object({ id: Id }),
  message: z.object({ ts: z.string() }).optional(),
  container: z.object({ message_ts: z.string().optional() }).optional(),
  actions: z.array(
    z.object({
      action_id: z.string(),
      value: z.string().optional(),
      selected_option: Value.nullish(),
    }),
  ).min(1).max(25),
});
type Press = z.infer<typeof Press>;

/** Does what a pressed button says. A press that does not reach the run does nothing, and gets no answer. */
export const handleInteraction: Handler = async (deps, envelope) => {
  const { data: press } = Press.safeParse(envelope.payload);
  for (const { action_id, value, selected_option } of press?.actions ?? []) {
    const pressed = readValue(selected_option?.value ?? value ?? "");
    if (!press || !pressed || !Object.values(ACTIONS).includes(action_id)) continue;
    const posted = await findPostedRun(deps.db, pressed.id, pressed.run);
    if (!posted || !isReached(posted, press, envelope) || !hasAction(posted, action_id)) continue;
    await act(deps, envelope, { action_id, press, pressed, posted });
  }
};

/** The app's own rows, by a member of the message's team, in its channel, at this message. */
function isReached(posted: PostedRun, press: Press, { app }: Envelope): boolean {
  const { team, user, channel, message, container } = press;
  const ts = message?.ts ?? container?.message_ts ?? posted.slack_ts;
  return (app.user_id === null
    ? posted.slack_app === "installation"
    : posted.user_id === app.user_id) &&
    posted.slack_team === team.id && (user.team_id ?? team.id) === team.id &&
    posted.slack_channel === channel.id && posted.slack_ts === ts;
}

const hasAction = ({ slack_message: { blocks } }: PostedRun, action_id: string) =>
  blocks.some(({ elements }) => elements?.some((one) => one.action_id === action_id));

type Action = { action_id: string; press: Press; pressed: Pressed; posted: PostedRun };

/** Once, in the transaction that takes the call; a refusal is answered to the person alone. */
async function act(deps: Deps, { take, respond }: Envelope, action: Action): Promise<void> {
  const { action_id, press: { team, user }, pressed, posted } = action;
  const { db } = deps;
  const actor = { username: `slack:${team.id}/${user.id}`, from: "" };
  const first = async (tx: Db) => {
    if (!await take(tx)) throw new Unchanged();
  };
  const part: Part = { first, run: posted.run };
  try {
    if (action_id === ACTIONS.capture) await capture(db, actor, posted, part);
    else if (action_id === ACTIONS.acknowledge) {
      await acknowledge(db, actor, posted, posted.run, part);
    } else if (pressed.mute === "none") await unmute(db, actor, posted, part);
    else if (pressed.mute) await mute(db, actor, posted, untilAfter(pressed.mute), part);
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    // Not tried again: by then the action might be done.
    const answered = respond({ text: error.message, replace_original: false });
    await answered.catch((error) => logFailure(deps.log, "A press was not answered.", error));
  }
}
