import { codeOf, sqlState } from "./errors.ts";
import type { Db, Sql } from "./postgres.ts";

type Version = { version: string; number: number };

export const TOO_OLD = "PostgreSQL 15 or newer is needed.";
export const isTooOld = ({ number }: Version) => number < 150_000;

export async function versionOf(db: Db): Promise<Version> {
  const [row] = await db<Version[]>`
    select split_part(current_setting('server_version'), ' ', 1) as version,
      current_setting('server_version_num')::int as number`;
  return row!;
}

/** The server's clock in ms. */
export async function clockOf(db: Db): Promise<number> {
  const [row] = await db<{ ms: number }[]>`
    select extract(epoch from clock_timestamp())::float8 * 1000 as ms`;
  return row!.ms;
}

/** Where the server's files are. Undefined: our role may not know. */
export async function dataDirectoryOf(db: Db): Promise<string | undefined> {
  try {
    const [row] = await db<{ path: string }[]>`select current_setting('data_directory') as path`;
    return row!.path;
  } catch (error) {
    if (sqlState(error) === "42501") return undefined;
    throw error;
  }
}

class Undo extends Error {}

/** Writes a megabyte and undoes it. */
export async function tryWrite(db: Sql): Promise<"taken" | "full" | "read_only"> {
  try {
    await db.begin(async (tx) => {
      await tx`create temporary table diagnosis on commit drop as
        select repeat(md5(n::text), 32) as text from generate_series(1, 1000) n`;
      throw new Undo();
    });
  } catch (error) {
    if (codeOf(error) === "53100") return "full";
    if (codeOf(error) === "25006") return "read_only";
    if (!(error instanceof Undo)) throw error;
  }
  return "taken";
}
