import { handleCommand } from "./commands/handle.ts";
import type { Handler, Kind } from "./envelope.ts";
import { handleEvent } from "./events.ts";
import { handleInteraction } from "./interactions.ts";

export const HANDLERS: Record<Kind, Handler> = {
  interaction: handleInteraction,
  command: handleCommand,
  event: handleEvent,
};
