import { ExternalError } from "../../errors.ts";
import { DEADLINES, withDeadline } from "./deadlines.ts";
import type { Db, Sql } from "./postgres.ts";
import { LOCKS, withLock } from "./lock.ts";

export const MIGRATIONS = new URL("../../../migrations/", import.meta.url);

const OWN_TABLE = `create table if not exists migrations (
  name text primary key, sha256 text not null, applied_at timestamptz not null default now())`;

type Migration = { name: string; text: string; sha256: string };

async function readMigrations(folder: URL): Promise<Migration[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) if (name.endsWith(".sql")) names.push(name);
  return await Promise.all(
    names.sort().map(async (name) => {
      const bytes = await Deno.readFile(new URL(name, folder));
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      return { name, text: new TextDecoder().decode(bytes), sha256: digest.toHex() };
    }),
  );
}

/**
 * Applies the missing migrations. Throws ExternalError when an applied one is unknown or changed.
 */
export async function migrate(db: Sql, folder = MIGRATIONS): Promise<void> {
  const wanted = await readMigrations(folder);
  await withDeadline(DEADLINES.long, () =>
    withLock(db, LOCKS.migrations, async () => {
      await db.unsafe(OWN_TABLE);
      const applied = await appliedMigrations(db);
      check(applied, wanted);
      for (const { name, text, sha256 } of wanted.slice(applied.length)) {
        await db.begin(async (tx) => {
          await tx.unsafe(text).simple();
          await tx`insert into migrations (name, sha256) values (${name}, ${sha256})`;
        });
      }
    }));
}

type Applied = Pick<Migration, "name" | "sha256">;

async function appliedMigrations(db: Db): Promise<Applied[]> {
  return await db<Applied[]>`select name, sha256 from migrations order by name collate "C"`;
}

/** Which migrations the database lacks, has from a newer version, or has in another form. */
export async function migrationState(db: Db, folder = MIGRATIONS) {
  const wanted = await readMigrations(folder);
  const applied = await appliedMigrations(db);
  const shaOf = (list: Applied[], name: string) => list.find((one) => one.name === name)?.sha256;
  const names = (list: Applied[], other: Applied[]) =>
    list.filter(({ name }) => shaOf(other, name) === undefined).map(({ name }) => name);
  const changed = applied.filter(({ name, sha256 }) => (shaOf(wanted, name) ?? sha256) !== sha256);
  return {
    missing: names(wanted, applied),
    unknown: names(applied, wanted),
    changed: changed.map(({ name }) => name),
  };
}

export async function isMigrated(db: Db, folder = MIGRATIONS): Promise<boolean> {
  const applied = await appliedMigrations(db);
  return applied.length >= (await readMigrations(folder)).length;
}

/** Creates the whole schema in the caller's transaction. */
export async function migrateWithin(tx: Db, folder = MIGRATIONS): Promise<void> {
  await tx`select pg_advisory_xact_lock(${LOCKS.migrations})`;
  await tx.unsafe(OWN_TABLE);
  for (const { name, text, sha256 } of await readMigrations(folder)) {
    await tx.unsafe(text).simple();
    await tx`insert into migrations (name, sha256) values (${name}, ${sha256})`;
  }
}

export async function migratedNames(folder = MIGRATIONS): Promise<string[]> {
  const made = /^create (?:or replace )?(?:table|view|function) (\w+)/gm;
  const all = (await readMigrations(folder)).flatMap(({ text }) => [...text.matchAll(made)]);
  return [...new Set(all.map(([, name]) => name!))];
}

function check(applied: Applied[], wanted: Migration[]) {
  applied.forEach(({ name, sha256 }, i) => {
    if (wanted[i]?.name !== name) {
      throw new ExternalError(
        "PostgreSQL",
        `The database knows a migration ${name} that this Dashkeeper does not: use the version that made it, or a newer one.`,
        true,
      );
    }
    if (wanted[i].sha256 !== sha256) {
      throw new ExternalError(
        "PostgreSQL",
        `The migration ${name} has changed since it was applied: restore the file as it was released.`,
        true,
      );
    }
  });
}
