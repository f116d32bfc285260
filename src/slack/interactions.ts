import type { Handler } from "./envelope.ts";

/** Handles a pressed button; buttons that only open a link call as well and are ignored. */
export const handleInteraction: Handler = () => Promise.resolve();
