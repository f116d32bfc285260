import { startEmbedded } from "./postgres/embedded.ts";
import type { Address } from "./postgres/postgres.ts";
import { embeddedSealKeys } from "./seal_key.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * `outside`: the server to use; without one the embedded server under `dataDir` is. `sealKeys`: those of
 * the environment, the current one first.
 */
export type PlaceOptions = {
  dataDir: string;
  /** Where the embedded server listens. */
  listen: string;
  outside: Omit<Address, "database"> | undefined;
  sealKeys: Bytes[];
};

/** Where the databases are, what reads the keys that seal what is stored there, and how to leave. */
export type Place = {
  server: Omit<Address, "database">;
  readSealKeys: () => Promise<Bytes[]>;
  close: () => Promise<void>;
};

/** Joins the outside server, or starts or joins the embedded one. An outside one needs a seal key. */
export async function openPlace(
  { dataDir, listen, outside, sealKeys }: PlaceOptions,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<Place> {
  const fromEnvironment = () => Promise.resolve(sealKeys);
  if (outside) {
    return { server: outside, readSealKeys: fromEnvironment, close: () => Promise.resolve() };
  }
  const { stop, ...server } = await startEmbedded({
    dataDir,
    listen,
    log,
    keepUp: true,
    ...(signal ? { signal } : {}),
  });
  const fromFile = () => embeddedSealKeys(dataDir);
  return { server, readSealKeys: sealKeys.length > 0 ? fromEnvironment : fromFile, close: stop };
}
