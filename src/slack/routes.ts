import { type Context, Hono } from "hono";
import { AppError } from "../errors.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import { limitBody } from "../http/body.ts";
import type { Env } from "../who.ts";
import type { App, Deps as HandlerDeps, Kind } from "./envelope.ts";
import type { Inbox } from "./inbox.ts";
import { challengeOf, checkSignature, readPayload } from "./requests.ts";

export type Deps = HandlerDeps & { inbox: Inbox };

const PATHS: Record<string, Kind> = {
  interactions: "interaction",
  commands: "command",
  events: "event",
};

/** `/slack`: for Slack alone, by its signature. The answer comes at once, the work follows. */
export function slackRoutes(deps: Deps) {
  const routes = new Hono<Env>();
  for (const [path, kind] of Object.entries(PATHS)) {
    for (const at of [`/${path}`, `/users/:id/${path}`]) {
      routes.post(at, limitBody, (c) => withDeadline(DEADLINES.slack, () => take(deps, kind, c)));
      routes.all(at, () => {
        const headers = { Allow: "POST" };
        throw new AppError("method_not_allowed", 405, "This address takes POST.", { headers });
      });
    }
  }
  return routes;
}

async function take(deps: Deps, kind: Kind, c: Context<Env>): Promise<Response> {
  const app = appOf(c.req.param("id"));
  const body = new Uint8Array(await c.req.arrayBuffer());
  const timestamp = c.req.header("x-slack-request-timestamp") ?? "";
  const signature = c.req.header("x-slack-signature") ?? "";
  await checkSignature(deps, app, { timestamp, signature, body });
  const text = readPayload(kind, body);
  const challenge = kind === "event" ? challengeOf(text) : undefined;
  if (challenge !== undefined) return c.json({ challenge });
  await deps.inbox.receive({ kind, app, text });
  return c.body(null, 200);
}

/** An id that is none belongs to nobody: user 0. */
const appOf = (id: string | undefined): App => ({
  user_id: id === undefined ? null : /^[1-9]\d{0,14}$/.test(id) ? Number(id) : 0,
});
