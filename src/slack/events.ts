import type { Handler } from "./envelope.ts";
import { unfurlLinks } from "./unfurl/handle.ts";

/** Handles an event of the Events API; ones that are not subscribed to are ignored. */
export const handleEvent: Handler = unfurlLinks;
