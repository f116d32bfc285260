import { AppError } from "../../errors.ts";
import type { Sql } from "../../external/postgres/postgres.ts";
import { pause } from "../../external/abort.ts";
import { checkSealKeys, SIGNING_KEY_AAD } from "../installation.ts";
import { usedKeyIds } from "../installation_store.ts";
import { loadSealKeys, open, rewrap, SealError, type SealKeys } from "../seal.ts";
import type { SealedColumn, SealedRow } from "../sealed.ts";
import * as store from "./store.ts";
import type { Log } from "../../external/log/log.ts";

export type Deps = { db: Sql; log: Log; columns: SealedColumn[] };
type Bytes = Uint8Array<ArrayBuffer>;
/** `resealed`: rows whose data key is wrapped anew; `unreadable`: names of the rows that do not open. */
export type Rotation = { key: string; resealed: number; unreadable: string[] };

/** A statement takes some 10 ms, so other writers of its rows hardly wait. */
const BATCH = 500;
const MOST_PASSES = 30;
const HELD_MS = 500;
const LOG_EVERY = 10_000;

/**
 * Wraps every data key with the current key, while services run; an interrupted call can be repeated. AppError
 * `rotation_running`, and ExternalError where no key at hand opens the values.
 */
export async function rotateSeal(
  deps: Deps,
  sealKeys: SealKeys,
  signal: AbortSignal,
): Promise<Rotation> {
  return await alone(deps.db, async () => {
    if (!sealKeys.previous) await checkSealKeys(deps.db, sealKeys, deps.columns);
    return await rotate(deps, sealKeys, signal);
  });
}

/**
 * Changes the key of the embedded database, or finishes a change that was interrupted. The file holds both keys
 * until nothing changed for `settleSeconds`: readers of the old file have stored by then. Throws as rotateSeal().
 */
export async function renewSealKey(
  deps: Deps,
  file: { read(): Promise<Bytes[]>; write(keys: Bytes[]): Promise<void> },
  { makeNew, settleSeconds }: { makeNew: boolean; settleSeconds: number },
  signal: AbortSignal,
): Promise<Rotation> {
  return await alone(deps.db, async () => {
    const [newest, older] = await file.read();
    if (!older && makeNew) {
      const keys = await loadSealKeys(file.read);
      // Rows of a lost key are named below; if all are lost, the file is the wrong one.
      const used = await usedKeyIds(deps.db, deps.columns);
      if (!used.includes(keys.current.id)) await checkSealKeys(deps.db, keys, deps.columns);
      await file.write([crypto.getRandomValues(new Uint8Array(32)), newest!]);
    }
    const sealKeys = await loadSealKeys(file.read);
    const { previous } = sealKeys;
    if (!previous) return await rotate(deps, sealKeys, signal);
    deps.log.info(`From the key ${previous.id} to the key ${sealKeys.current.id}.`);
    let rotation = await rotate(deps, sealKeys, signal);
    for (let found = 1; found > 0;) {
      await pause(settleSeconds * 1000, signal);
      signal.throwIfAborted();
      const { resealed, unreadable } = await rotate(deps, sealKeys, signal);
      rotation = { ...rotation, resealed: rotation.resealed + resealed, unreadable };
      found = resealed;
    }
    await file.write((await file.read()).slice(0, 1));
    return rotation;
  });
}

async function alone<T>(db: Sql, work: () => Promise<T>): Promise<T> {
  const result = await store.lockRotation(db, async () => ({ done: await work() }));
  if (result) return result.done;
  throw new AppError("rotation_running", 409, "The seal key is just being changed: wait for that.");
}

async function rotate(deps: Deps, sealKeys: SealKeys, signal: AbortSignal): Promise<Rotation> {
  const { current, previous } = sealKeys;
  const progress = {
    done: 0,
    of: await store.countUnderOtherKeys(deps.db, deps.columns, current.id),
  };
  for (let passes = 0; passes < MOST_PASSES; passes++) {
    const before = progress.done;
    const { opened, unreadable, keys } = await pass(deps, sealKeys, progress, signal);
    if (opened > 0) {
      if (progress.done === before) await pause(HELD_MS, signal);
      signal.throwIfAborted();
      continue;
    }
    if (previous && keys.has(previous.id)) await store.retireKey(deps.db, previous.id);
    return { key: current.id, resealed: progress.done, unreadable };
  }
  throw new AppError(
    "rotation_endless",
    409,
    `A service goes on sealing with another key than ${current.id}: give it SEAL_KEY and SEAL_KEY_PREVIOUS, restart it, and run this again.`,
  );
}

/** `opened`: how many rows under another key a key at hand opened. */
async function pass(
  deps: Deps,
  sealKeys: SealKeys,
  progress: { done: number; of: number },
  signal: AbortSignal,
) {
  const { db, log } = deps;
  const seen = { opened: 0, unreadable: [] as string[], keys: new Set<string>() };
  for (const column of deps.columns) {
    let rows: SealedRow[];
    for (let after = { id: -1, version: -1 };; after = rows.at(-1)!) {
      signal.throwIfAborted();
      rows = await store.rowsUnderOtherKeys(db, column, sealKeys.current.id, after, BATCH);
      if (rows.length === 0) break;
      const tried = await Promise.all(rows.map((row) => renew(sealKeys, column, row)));
      const fresh = tried.filter((row) => row !== undefined);
      seen.opened += fresh.length;
      for (const row of rows.filter((_, i) => !tried[i])) {
        seen.unreadable.push(nameOf(column, row));
        seen.keys.add(keyIdOf(row.sealed));
      }
      const before = progress.done;
      progress.done += fresh.length > 0 ? await store.replaceSealed(db, column, fresh) : 0;
      if (Math.floor(progress.done / LOG_EVERY) > Math.floor(before / LOG_EVERY)) {
        log.info(`${progress.done} of ${Math.max(progress.done, progress.of)} are sealed anew.`);
      }
    }
  }
  const signing = await renewSigningKey(deps, sealKeys);
  if (signing === "unreadable") seen.unreadable.push("the signing key");
  else if (signing === "renewed") progress.done++;
  return seen;
}

async function renew(
  keys: SealKeys,
  column: SealedColumn,
  row: SealedRow,
): Promise<store.Fresh | undefined> {
  const { id, version, sealed } = row;
  const fresh = await renewed(keys, column.aad(row), sealed);
  return fresh === undefined ? undefined : { id, version, sealed, fresh };
}

async function renewed(keys: SealKeys, aad: string, sealed: string): Promise<string | undefined> {
  try {
    await open(keys, aad, sealed); // a damaged value is found now, while the old key is there
    return await rewrap(keys, aad, sealed);
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

async function renewSigningKey({ db }: Deps, keys: SealKeys) {
  const sealed = await store.findSetting(db, "signing_key");
  if (!sealed || keyIdOf(sealed) === keys.current.id) return "current";
  const fresh = await renewed(keys, SIGNING_KEY_AAD, sealed);
  if (!fresh) return "unreadable";
  await store.replaceSetting(db, "signing_key", sealed, fresh);
  return "renewed";
}

function nameOf(column: SealedColumn, row: SealedRow) {
  const key = keyIdOf(row.sealed);
  return `${column.label(row)} (${key ? `names the key ${key}` : "not a sealed text"})`;
}

function keyIdOf(sealed: string): string {
  return /^dk1\.([0-9a-f]{8})\./.exec(sealed)?.[1] ?? "";
}
