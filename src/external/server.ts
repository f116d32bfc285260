import { startEmbedded } from "./postgres/embedded.ts";
import type { Address } from "./postgres/postgres.ts";
import { embeddedSealKeys } from "./seal_key.ts";
import type { Log } from "./log/log.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** `outside`: the server to use; undefined: the embedded one. `sealKeys`: the current one first. */
export type ServerOptions = {
  dataDir: string;
  listen: string;
  outside: Omit<Address, "database"> | undefined;
  sealKeys: Bytes[];
};

/** The server of our databases, and what reads the seal keys for them. */
export type DatabaseServer = {
  address: Omit<Address, "database">;
  readSealKeys: () => Promise<Bytes[]>;
  close: () => Promise<void>;
};

/** Joins the outside server, or starts or joins the embedded one. An outside one needs a seal key. */
export async function openServer(
  { dataDir, listen, outside, sealKeys }: ServerOptions,
  log: Log,
  signal?: AbortSignal,
): Promise<DatabaseServer> {
  const fromEnvironment = () => Promise.resolve(sealKeys);
  if (outside) {
    return { address: outside, readSealKeys: fromEnvironment, close: () => Promise.resolve() };
  }
  const { stop, ...address } = await startEmbedded({
    dataDir,
    listen,
    log,
    keepUp: true,
    ...(signal ? { signal } : {}),
  });
  const fromFile = () => embeddedSealKeys(dataDir);
  return { address, readSealKeys: sealKeys.length > 0 ? fromEnvironment : fromFile, close: stop };
}
