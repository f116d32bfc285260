import { Hono } from "hono";
import { AppError } from "../../../src/errors.ts";
import { slackRoutes } from "../../../src/slack/routes.ts";
import { openInbox } from "../../../src/slack/inbox.ts";
import type { AppWorld } from "./app_world.ts";

/** What Slack calls of a second process on the same database. */
export function startBeside({ deps }: AppWorld) {
  const killed = new AbortController();
  const inbox = openInbox(deps, killed.signal);
  const app = new Hono().route("/slack", slackRoutes({ ...deps, inbox }));
  app.onError((error) =>
    new Response(null, { status: error instanceof AppError ? error.status : 500 })
  );
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, app.fetch);
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    inbox,
    /** It takes calls, and handles none from now on. */
    kill: () => killed.abort(),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await inbox.idle();
    },
  };
}
