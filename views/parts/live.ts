/** Row events, and the stream's (re)connection for events missed before. */
export const LIVE = "moved from:#live, htmx:sse:after:connection from:#live";
