import { startEmbedded } from "./embedded_postgres.ts";
import type { Address } from "./postgres.ts";
import { embeddedSealKey } from "./seal_key.ts";

/** `outside`: the server to use; without one the embedded server under `dataDir` is. */
export type PlaceOptions = {
  dataDir: string;
  outside: Server | undefined;
  sealKey: Uint8Array<ArrayBuffer> | undefined;
};
type Server = Omit<Address, "database">;

/** Where the databases are, the key that seals what is stored there, and how to leave. */
export type Place = {
  server: Server;
  sealKey: Uint8Array<ArrayBuffer>;
  close: () => Promise<void>;
};

/** Joins the outside server, or starts or joins the embedded one. An outside one needs `sealKey`. */
export async function openPlace(
  { dataDir, outside, sealKey }: PlaceOptions,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<Place> {
  if (outside && sealKey) return { server: outside, sealKey, close: () => Promise.resolve() };
  const { stop, ...server } = await startEmbedded({ dataDir, log, ...(signal ? { signal } : {}) });
  return { server, sealKey: sealKey ?? await embeddedSealKey(dataDir), close: stop };
}
