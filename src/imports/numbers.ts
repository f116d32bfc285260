import type { Sql } from "../external/postgres/postgres.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import type { Log } from "../external/log/log.ts";
import { logFailure } from "../external/log/failure.ts";
import { findCorrection } from "../measures/mapping/store.ts";
import { type KeyNumber, NAMES } from "../measures/number.ts";
import { readTable } from "../measures/read.ts";
import { summarize } from "../measures/summary.ts";
import { findKeptOf } from "../pipeline/numbers_store.ts";
import type { Kind } from "../workspaces/names.ts";
import { asReader, type OpenWorkspace } from "../workspaces/reader.ts";
import { KEY, type Key } from "./write/plan.ts";

type Deps = { db: Sql; log: Log };
/** A table with the keys of the rows that a file has in it. */
export type Target = { kind: Kind; name: string; keys: Key[] };

const at = (name: typeof KEY[number]) => KEY.indexOf(name);

/** A group's name as numbers carry it, '' for none. */
const groupOf = (key: Key) =>
  (["design", "platform", "variant"] as const).map((name) => key[at(name)])
    .filter((part) => part !== null && part !== "").join(" ");

/** The numbers of a table's newest runs, those that are not of these keys left out. */
async function readNumbers(
  { db }: Deps,
  opened: OpenWorkspace,
  { kind, name, keys }: Target,
): Promise<KeyNumber[]> {
  const { user_id } = opened.workspace;
  const place = { user_id, kind, schema_name: "public", table_name: name };
  const correction = await findCorrection(db, place);
  const kept = await findKeptOf(db, place);
  return await asReader(opened, kind, async (reader) => {
    const facts = await readTable(reader, "public", name, kind, correction);
    const { numbers, run_names } = await summarize(reader, facts, kept);
    const byRun = facts.mapping.run.names[0]?.name === "run_id";
    const runs = new Map<string, Set<string | null>>();
    for (const key of keys) {
      const group = groupOf(key);
      runs.set(group, (runs.get(group) ?? new Set()).add(key[at("run_id")]!));
    }
    return numbers.filter(({ group }) => {
      const own = runs.get(group ?? "");
      return own !== undefined && (!byRun || own.has(run_names[group ?? ""] ?? null));
    });
  });
}

const isSure = ({ sure }: KeyNumber) => sure !== false;

/** One number of each name and group: a sure one, else that of the table named first. */
function chosen(numbers: KeyNumber[]): KeyNumber[] {
  const all = Map.groupBy(numbers, ({ name, group }) => JSON.stringify([name, group]));
  return [...all.values()].map((own) => own.find(isSure) ?? own[0]!)
    .toSorted((a, b) => NAMES.indexOf(a.name) - NAMES.indexOf(b.name));
}

/** The numbers of a file's rows, as the tables' own rows and messages have them. */
export async function numbersOf(
  deps: Deps,
  opened: OpenWorkspace,
  targets: Target[],
): Promise<KeyNumber[]> {
  const found: KeyNumber[] = [];
  for (const target of targets) {
    try {
      found.push(...await withDeadline(DEADLINES.job, () => readNumbers(deps, opened, target)));
    } catch (error) {
      logFailure(deps.log, "An import has no numbers: a query failed.", error, {
        kind: target.kind,
        table_name: target.name,
      });
    }
  }
  return chosen(found);
}
