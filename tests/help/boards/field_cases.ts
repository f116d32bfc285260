import type { Sql } from "../../../src/external/postgres/postgres.ts";
import type { Kind } from "../../../src/measures/facts.ts";

const FOLDER = new URL("../../../../shared/data/field/", import.meta.url);

/** What one number of a table must be; see the README beside the cases. */
export type ExpectedNumber = {
  name: string;
  group: string[] | null;
  value: number;
  unit: string[] | null;
  before?: number | null;
  better?: boolean | null;
  tol?: number;
  sure?: boolean;
  optional?: boolean;
  or?: (Partial<ExpectedNumber> & { drop?: string[] })[];
};
export type ExpectedStat = {
  title: string;
  value?: number | number[];
  not?: number[];
  optional?: boolean;
};
export type ExpectedTable = {
  numbers?: ExpectedNumber[];
  absent?: string[];
  others?: true | string[];
  no_group?: string;
  why?: string;
  or_waiting?: string;
  board?: {
    stat?: ExpectedStat[];
    no_panel_title?: string;
    panel?: { type: string; title: string; row: Record<string, number[]> }[];
    series?: { title: string; has: string }[];
    delta?: Record<string, number>;
  };
};
export type FieldCase = {
  db: Kind;
  slow: boolean;
  files: string[];
  tables: { schema_name: string; table_name: string; expected: ExpectedTable }[];
};

/** The open cases in their order. Throws where the data is not there. */
export async function fieldCases(): Promise<[id: string, FieldCase][]> {
  const stored = JSON.parse(await Deno.readTextFile(new URL("expect.json", FOLDER)));
  return Object.entries(stored as Record<string, StoredCase>).map(([id, found]) => [id, {
    db: found.db,
    slow: found.slow ?? false,
    files: found.steps ?? [found.file],
    tables: Object.entries(found.tables).map(([key, expected]) => {
      const [schema_name, table_name] = key.includes("|") ? key.split("|") : ["public", key];
      return { schema_name: schema_name!, table_name: table_name!, expected };
    }),
  }]);
}

type StoredCase = {
  file: string;
  steps?: string[];
  db: Kind;
  slow?: boolean;
  tables: Record<string, ExpectedTable>;
};

/** The steps of a case, each to be run and read before the next; waits in the files are left out. */
export async function loadCase(db: Sql, { files }: FieldCase): Promise<(() => Promise<void>)[]> {
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(new URL(file, FOLDER))));
  // The cases open transactions of their own.
  return texts.map((text) => () =>
    db.session(async (own) => {
      await own.unsafe(text.replace(/SELECT pg_sleep\(\d+\);/g, "")).simple();
    })
  );
}
