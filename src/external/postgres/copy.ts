import type { Writable } from "node:stream";
import { connectionError } from "./client.ts";
import { type Db, sqlState } from "./postgres.ts";

/** A server that takes no data for so long is lost. */
const SILENCE_MS = 60_000;

async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(connectionError("DEADLINE")), SILENCE_MS);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Copies `blocks` into a table, in PostgreSQL's text format, within a transaction. Throws what the server
 * answers, also to the last rows.
 */
export async function copyIn(
  tx: Db,
  statement: string,
  blocks: AsyncIterable<Uint8Array>,
): Promise<void> {
  let refused: unknown;
  const query = tx.unsafe(statement);
  const copy = await query.writable() as Writable;
  // The driver rejects the statement, which has answered already, and says nothing else.
  Object.assign(query, { reject: (error: unknown) => refused ??= error });
  copy.on("error", (error) => refused ??= error);
  const write = (block: Uint8Array) =>
    new Promise<void>((resolve, reject) =>
      copy.write(block, (error) => error ? reject(error) : resolve())
    );
  try {
    for await (const block of blocks) await inTime(write(block));
  } catch (error) {
    copy.destroy();
    throw refused ?? error;
  }
  copy.end(); // its callback is not called where the server refuses the last rows
  await tx.unsafe("select 1").catch((error) => {
    throw sqlState(error) === "25P02" ? refused ?? error : error;
  });
}
