import { sign } from "../credentials/sign.ts";
import { type AppError, ExternalError, unavailable } from "../errors.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import {
  asExternal,
  connectToUserDatabase,
  type Db,
  type Sql,
} from "../external/postgres/postgres.ts";
import { whileAnswering } from "../external/postgres/answer.ts";
import { LOCKS, withLock } from "../external/postgres/lock.ts";
import { databaseName, type Kind, readerRole } from "../workspaces/names.ts";
import {
  asOwner,
  grantReading,
  makeDatabase,
  makeRoles,
  ownershipTag,
} from "../workspaces/provision.ts";
import { asRefusal, type Servers } from "../workspaces/servers.ts";
import { SAMPLE_TABLES, SAMPLES, statementsOf } from "./sample_rows.ts";

export type Deps = { db: Sql; servers: Servers; installation: string; signingKey: CryptoKey };

const KIND: Kind = "qor";
/** No username has a capital letter, so these are no user's. */
const nameOf = ({ installation }: Deps) => `Samples_${installation}`;
/** Derived from the signing key and never stored. */
const passwordsOf = async ({ signingKey }: Deps) => ({
  owner: await sign(signingKey, "samples owner"),
  reader: await sign(signingKey, "samples reader"),
});

const made = new WeakMap<Servers, Promise<void>>();

/** A database of samples on our server, with its own roles. */
async function make(deps: Deps): Promise<void> {
  const server = deps.servers.of("");
  const [name, passwords] = [nameOf(deps), await passwordsOf(deps)];
  const mark = ownershipTag(deps.installation, name);
  // Two processes may create it at the same time.
  await withLock(deps.db, { text: mark, seed: LOCKS.samples }, async () => {
    await makeRoles(server, name, mark, passwords);
    await makeDatabase(server, name, mark, KIND);
    await asOwner(server, name, KIND, passwords, fill);
    await grantReading(server, name, passwords);
  });
}

/** Recreates the tables that another version left. */
async function fill(owner: Sql): Promise<void> {
  const statements = SAMPLE_TABLES.flatMap(statementsOf);
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(statements.join(";")),
  );
  const version = new Uint8Array(digest).toHex();
  const [known] = await owner<{ version: string | null }[]>`
    select obj_description(oid, 'pg_namespace') as version from pg_namespace where nspname = ${SAMPLES}`;
  if (known?.version === version) return;
  await owner.begin(async (tx) => {
    await tx.unsafe(`drop schema if exists ${SAMPLES} cascade; create schema ${SAMPLES}`);
    for (const statement of statements) await tx.unsafe(statement);
    await tx.unsafe(`comment on schema ${SAMPLES} is '${version}'`);
  });
}

/** The database or its roles do not exist. */
const GONE = ["3D000", "28P01", "28000", "42501", "42P01"];

/**
 * Runs `work` as a role that may only read the samples; each query has 5 s.
 * Throws ExternalError, and 503 `server_refused`.
 */
export async function withSamples<T>(deps: Deps, work: (reader: Sql) => Promise<T>): Promise<T> {
  const { servers } = deps;
  try {
    if (!made.has(servers)) made.set(servers, withDeadline(DEADLINES.job, () => make(deps)));
    await whileAnswering(deps.db, () => made.get(servers)!);
    const { address: server, withPermit } = servers.of("");
    const { reader: password } = await passwordsOf(deps);
    const name = nameOf(deps);
    const address = {
      ...server,
      user: readerRole(name),
      password,
      database: databaseName(name, KIND),
    };
    return await withPermit(async () => {
      const reader = connectToUserDatabase(address, { statementMs: DEADLINES.call.statement });
      try {
        return await work(reader);
      } finally {
        await reader.end({ timeout: 1 });
      }
    });
  } catch (thrown) {
    const error = asRefusal(asExternal(thrown));
    if (error instanceof ExternalError && (!error.more.code || GONE.includes(error.more.code))) {
      made.delete(servers);
    }
    throw error instanceof ExternalError && error.more.code ? refused(error) : error;
  }
}

function refused({ message }: ExternalError): AppError {
  return unavailable("server_refused", `There are no samples yet: ${message}`);
}

/** Runs `work` in a read-only transaction that is always rolled back. */
export async function rolledBack<T>(reader: Sql, work: (tx: Db) => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  const undo = new Error("undo");
  await reader.begin("read only", async (tx) => {
    result = { value: await work(tx) };
    throw undo;
  }).catch((error) => {
    if (error !== undo) throw error;
  });
  return result!.value;
}
