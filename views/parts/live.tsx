/** Row events, and the stream's (re)connection for events missed before. */
export const LIVE = "moved from:#live, htmx:sse:after:connection from:#live";

/** The page's stream of events. */
export const Live = () => <div id="live" hx-sse:connect="/events"></div>;
