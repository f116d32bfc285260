import { finishCapture } from "../../../src/pipeline/capture/finish.ts";
import { notifyNext } from "../../../src/pipeline/notify/notify.ts";
import { refreshMessages } from "../../../src/pipeline/notify/refresh.ts";
import { claimNext } from "../../../src/pipeline/row.ts";
import type { KeyNumber } from "../../../src/measures/number.ts";
import type { Outside } from "../../../src/credentials/hosts.ts";
import { type Message, startSlack } from "../slack.ts";
import { slackDeps } from "../slack_deps.ts";
import { never } from "../time.ts";
import { addDashboard } from "../world/rows.ts";
import { type Options, startWorld } from "../world/world.ts";
import { interactionOf, type Place, pressables, sendInteraction } from "./press.ts";
import type { Odd, Sender } from "./sign.ts";

export const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
/** The emulator's workspace, and a member of it. */
export const TEAM = "T000000001";
export const MEMBER = "U0GRACE";

const gifOf = (text: string) => new TextEncoder().encode(`GIF89a, ${text}`);

const number = (more: Partial<KeyNumber> = {}): KeyNumber => ({
  ...{ name: "setup_wns", group: null, value: -0.2, unit: "ns" },
  ...{ before: -0.1, change: -0.1, better: false },
  ...more,
});

/** A service that posts to a test Slack whose app calls it, and a member of the channel. */
export async function startAppWorld(outside: Partial<Outside> = {}, options: Options = {}) {
  const slack = await startSlack();
  const own = { ...slackDeps(slack).outside, slack_signing_secret: SECRET, ...outside };
  const world = await startWorld({ ...options, outside: own });
  const { db, deps, origin, inbox } = world;
  const ada = await world.addAccount({ username: "ada" });
  const place: Place = { team: TEAM, channel: slack.channel, user: MEMBER };
  const app: Sender = { origin, secret: SECRET };
  const end = world[Symbol.asyncDispose];
  let pictures = 0;

  const drain = async () => {
    while (await notifyNext(deps, never));
  };
  /** Everything that follows a call, a press among them. */
  const settled = async () => {
    await inbox.idle();
    await refreshMessages(deps, never);
  };
  return Object.assign(world, {
    slack,
    ada,
    place,
    slackApp: app,
    drain,
    settled,
    /** A row of a user's at "notify"; `worse`: by its numbers. */
    async addRow(
      { user = ada, worse = true, table_name = "runs" } = {},
    ): Promise<number> {
      const gif = gifOf(`of ${table_name}`);
      const id = await addDashboard(db, user.id, { table_name, step: "notify", gif });
      const numbers = [number(worse ? {} : { change: 0.1, better: true })];
      await db`update runs set numbers = ${JSON.stringify(numbers)}::text::jsonb
        where dashboard_id = ${id}`;
      await db`update dashboards set board = '{}' where id = ${id}`;
      return id;
    },
    /** What the browser would have seen of a row at "capture". */
    async capture(): Promise<Uint8Array> {
      const gif = gifOf(`picture ${++pictures}`);
      const claim = (await claimNext(db, "capture"))!;
      await finishCapture(
        db,
        claim,
        {
          ...{ outcome: "loaded", sentence: null, panels: [], gif, slack_gif: null },
          ...{ png: null, thumbnail: null, captured_at: new Date() },
        } as Parameters<typeof finishCapture>[2],
      );
      return gif;
    },
    /** The next run of a row, as the scan finds it, at "notify". */
    async addRun(id: number): Promise<void> {
      await db`update dashboards set run = run + 1, step = 'notify', next_try_at = now()
        where id = ${id}`;
      await db`insert into runs (dashboard_id, run, row_count, gif)
        select id, run, 4, ${gifOf("next run")} from dashboards where id = ${id}`;
    },
    /** The message of a row's run in its channel. */
    async messageOf(id: number, run = 1, channel = slack.channel): Promise<Message | undefined> {
      return (await slack.messages(channel)).find(({ metadata }) =>
        metadata?.event_payload.dashboard_id === id && metadata.event_payload.run === run
      );
    },
    /** A person presses what reads `text` in a message; resolves once its effects are there. */
    async press(
      message: Message,
      text: string,
      { at = place, by = app, odd }: { at?: Place; by?: Sender; odd?: Odd } = {},
    ) {
      const found = pressables(message).find((one) => one.text === text);
      if (!found) throw new Error(`The message has no "${text}".`);
      const { status } = await sendInteraction(by, interactionOf(found, message, at), odd);
      await settled();
      return status;
    },
    async row(id: number) {
      return (await world.call("GET", `/dashboards/${id}`)).body;
    },
    async [Symbol.asyncDispose]() {
      await end();
      await slack[Symbol.asyncDispose]();
    },
  });
}

export type AppWorld = Awaited<ReturnType<typeof startAppWorld>>;
