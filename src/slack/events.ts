import type { Handler } from "./envelope.ts";

/** Handles an event of the Events API; ones that are not subscribed to are ignored. */
export const handleEvent: Handler = () => Promise.resolve();
