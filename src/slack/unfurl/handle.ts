import { z } from "zod";
import { ExternalError } from "../../errors.ts";
import type { Log } from "../../external/log/log.ts";
import type { Block, MessageRef } from "../../external/slack/post.ts";
import type { Slack } from "../../external/slack/slack.ts";
import { withNumbers } from "../../pipeline/channel_store.ts";
import { cardOf } from "../channel/card.ts";
import { withoutImages } from "../channel/fit.ts";
import { connectionOf, pictureOf } from "../channel/picture.ts";
import { rowsIn } from "../channel/rows.ts";
import type { App, Handler } from "../envelope.ts";
import { findLinked } from "./links.ts";

const Shared = z.object({
  team_id: z.string().regex(/^\w{1,100}$/),
  event: z.object({
    type: z.literal("link_shared"),
    channel: z.string().regex(/^\w{1,100}$/),
    message_ts: z.string().regex(/^[\w.-]{1,100}$/),
    links: z.array(z.object({ url: z.string().max(4_000) })),
  }),
});

/** Of one message. */
const MOST_LINKS = 5;

/** Shows numbers and preview under a pasted link of a dashboard whose messages go to that channel. */
export const unfurlLinks: Handler = async (deps, { app, payload }, signal) => {
  const { data } = Shared.safeParse(payload);
  if (!data) return;
  const { team_id: team, event: { channel, message_ts: ts, links } } = data;
  const slack = await connectionOf(deps, app, channel);
  if (!slack) return;
  const rows = await rowsIn(deps, { team, channel, user_id: app.user_id });
  const linked = new Map(
    links.flatMap(({ url }) => {
      const row = findLinked(deps.frontend_url, rows, url);
      return row ? [[url, row] as const] : [];
    }).slice(0, MOST_LINKS),
  );
  if (linked.size === 0) return;
  const unfurls: Unfurls = {};
  const numbered = await withNumbers(deps.db, [...linked.values()]);
  for (const [i, url] of [...linked.keys()].entries()) {
    const row = numbered[i]!;
    const picture = await pictureOf(deps, slack, app, row, signal);
    const { blocks } = await cardOf(deps, row, row.numbers, picture);
    unfurls[url] = { blocks };
  }
  try {
    await send(slack, { channel, ts }, unfurls, signal);
  } catch (error) {
    if (codeOf(error) !== "missing_scope") throw error;
    warnOnce(deps.log, app, error as ExternalError);
  }
};

type Unfurls = Record<string, { blocks: Block[] }>;

const codeOf = (error: unknown) => error instanceof ExternalError ? error.more.code : undefined;

/** Where Slack refuses the pictures, the numbers alone. */
async function send(slack: Slack, message: MessageRef, unfurls: Unfurls, signal: AbortSignal) {
  try {
    await slack.unfurl(message, unfurls, signal);
  } catch (error) {
    if (!["file_not_ready", "invalid_blocks"].includes(codeOf(error) ?? "")) throw error;
    const plain = Object.entries(unfurls).map((
      [url, shown],
    ) => [url, withoutImages(shown) ?? shown]);
    await slack.unfurl(message, Object.fromEntries(plain), signal);
  }
}

const warned = new WeakMap<Log, Set<number | null>>();

/** An app without links:write unfurls nothing. */
function warnOnce(log: Log, { user_id }: App, { message }: ExternalError) {
  const apps = warned.get(log) ?? new Set();
  warned.set(log, apps);
  if (!apps.has(user_id)) log.warn(`Links are not unfurled. ${message}`, { user_id });
  apps.add(user_id);
}
