import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import type { Envelope, Take } from "../external/slack/socket/connection.ts";
import type { Kind } from "./envelope.ts";
import type { Inbox } from "./inbox.ts";

const KINDS: Record<Envelope["type"], Kind> = {
  interactive: "interaction",
  slash_commands: "command",
  events_api: "event",
};

/** Takes what comes by socket mode as if it came by HTTP, for the installation's app. */
export function takeInto({ receive }: Pick<Inbox, "receive">): Take {
  return ({ type, payload }) => {
    const call = { kind: KINDS[type], app: { user_id: null }, text: JSON.stringify(payload) };
    return withDeadline(DEADLINES.slack, () => receive(call));
  };
}
