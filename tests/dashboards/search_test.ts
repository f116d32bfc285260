import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert/strict";
import { listDashboards, type Place, type Sort } from "../../src/dashboards/store.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { freshDatabase } from "../help/world/postgres.ts";

/** The newest 3,000 rows have none of the sought parts; of the older ones 900 have "qx", 3 "zz". */
const OLD = 1_000;
const ROWS = 4_000;
const ODD = ["Ünder_Zz", "50%_zz", "a\\b_c", "日本語_パス", "ab", "x"];

const nameOf = (n: number) =>
  ODD[n - 1] ?? (n === 77 ? "lone_zz" : n <= 906 ? `qx_${n}` : n <= OLD ? `old_${n}` : `new_${n}`);

async function fill(db: Sql) {
  await db`insert into users (username, role) values ('ada', 'member')`;
  const names = Array.from({ length: ROWS }, (_, i) => nameOf(i + 1));
  await db`
    insert into dashboards (user_id, kind, schema_name, table_name, content, step)
    select 1, 'qor', 'public', name, '1', 'done'
    from unnest(${names}::text[]) with ordinality t (name, n) order by n`;
  await db`analyze dashboards`;
  return names;
}

/** All pages of a search, in their order. */
async function found(db: Sql, q: string, sort: Sort, limit = 400): Promise<string[]> {
  const names: string[] = [];
  let after: Place | undefined;
  for (;;) {
    const page = await listDashboards(db, { q, archived: false }, { sort, limit, after });
    names.push(...page.map(({ row }) => row.table_name));
    if (page.length < limit) return names;
    after = page.at(-1)!.place;
  }
}

Deno.test("listDashboards() finds a part of a name wherever its rows are, in every order", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const names = await fill(db);
  const lower = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const sought = [
    "zz",
    "ZZ",
    "qx",
    "ew_3",
    "x",
    "日本",
    "ス",
    "%_",
    "\\b",
    "ünder",
    "q_",
    "zzz",
    "ab",
  ];
  for (const q of sought) {
    const wanted = names.filter((name) => lower(name).includes(lower(q)));
    for (const sort of ["newest", "name", "state"] as const) {
      const rows = await found(db, q, sort);
      same([...rows].sort(), [...wanted].sort(), `${q} by ${sort}`);
      if (sort === "newest") same(rows, wanted.toReversed(), q);
    }
  }
  equal((await found(db, "qx", "newest")).length, 899);
});

Deno.test("listDashboards() reads a rare part of a name from its index", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  await fill(db);
  const plan = await db<{ "QUERY PLAN": string }[]>`
    explain select id from sought_dashboards where pairs_in(name_key) @> pairs_in('zz') limit 501`;
  ok(plan.some((line) => /Bitmap Index Scan on dashboards_pairs_in_idx/.test(line["QUERY PLAN"])));
});
