import { ExternalError } from "../../errors.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import { RECOVERABLE } from "../../external/slack/refusals.ts";
import { type BatchLimits, findBatch, tablesOf } from "../batches_store.ts";
import { type Claim, releaseBatches } from "../row.ts";
import type { Content } from "./blocks.ts";
import { composeList } from "./list.ts";
import { postOnce } from "./once.ts";
import { channelsOf, type Deps as TargetDeps, namesOf, type Target } from "./target.ts";

type Deps = Omit<TargetDeps, "slack"> & {
  db: Sql;
  slack: TargetDeps["slack"] & { content: Content; worse_percent: number };
  limits: BatchLimits;
  installation: string;
};

/** The list in whose thread a new table is posted, or how long it waits, and for what. */
export type Lead = { thread_ts: string } | { seconds: number; why: string };

const SCANNING = "Waiting for the end of the scan, which may find more tables for one list.";
const WAITING = "Waiting for the other tables of this batch: their list is posted first.";
const LISTING = "Waiting for the list of this batch.";

/** Posts the batch's list where that is due. Undefined: the run is posted on its own. */
export async function leadOf(
  deps: Deps,
  claim: Claim,
  target: Target,
  signal: AbortSignal,
): Promise<Lead | undefined> {
  const { db, limits: { batchSeconds } } = deps;
  let batch = await findBatch(db, claim, batchSeconds);
  if (batch && !batch.is_ready) {
    await releaseBatches(db, batchSeconds, claim);
    batch = await findBatch(db, claim, batchSeconds);
  }
  if (!batch) return undefined;
  const { id, is_ready, scanning, seconds } = batch;
  if (!is_ready) return { seconds: Math.max(seconds, 1), why: scanning ? SCANNING : WAITING };
  return await postList(deps, claim, id, target, signal);
}

async function postList(
  deps: Deps,
  { user_id, username }: Claim,
  batch_id: number,
  target: Target,
  signal: AbortSignal,
): Promise<Lead | undefined> {
  const { db, slack: { content, worse_percent } } = deps;
  const channelOf = await channelsOf(deps, user_id);
  const isHere = (table: Parameters<typeof namesOf>[0]) =>
    channelOf(namesOf(table)) === target.channel;
  const tables = (await tablesOf(db, batch_id)).filter(isHere);
  if (tables.length < 2) return undefined;
  const list = {
    key: `batch ${batch_id} ${target.channel}`,
    event_type: "dashkeeper_batch",
    compose: () => Promise.resolve(composeList({ username, tables, content, worse_percent })),
  };
  const delivery = await postOnce(deps, list, target, signal);
  signal.throwIfAborted();
  if (delivery.state === "sent") return { thread_ts: delivery.ts };
  if (delivery.state === "waiting") {
    return { seconds: delivery.seconds, why: delivery.why ?? LISTING };
  }
  const { code, why } = delivery;
  // Then nothing that a person does will post it: the messages go without it.
  if (code === "post_unclear" || !RECOVERABLE.includes(code)) return undefined;
  throw new ExternalError("Slack", why, true, { code });
}
