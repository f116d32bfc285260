import { strictEqual as equal } from "node:assert";
import { readTable } from "../../src/measures/read.ts";
import { withTables } from "../help/boards/boards.ts";

/** Every row is a run of its own; design `old` ran last long ago, `once` once of late and once long ago. */
const MANY = `create table t as
  select 'r' || lpad(i::text, 4, '0') as run_id, timestamptz '2026-01-01Z' + i * interval '1 minute' as run_ts,
    case when i in (5, 1990) then 'once' when i < 9 then 'old' else 'd' || i % 2 end as design,
    (i % 7)::float8 as util_pct, (array['max', 'min', null])[1 + i % 3] as path_type
  from generate_series(0, 1999) i;
  insert into t values ('ahead', now() + interval '9 days', 'd0', 99, 'max')`;

Deno.test("readTable() finds the two newest runs of each group where every row is a run", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(MANY).simple();
    const facts = await readTable(reader, "public", "t", "qor");
    const found = facts.newest!.map(({ keys, run, nth }) => `${keys} ${nth} ${run}`).toSorted();
    equal(
      found.join(", "),
      "d0 1 r1998, d0 2 r1996, d1 1 r1999, d1 2 r1997, old 1 r0008, old 2 r0007, once 1 r1990, once 2 r0005",
    );
    equal(facts.newest![0]!.keys[0], "d0", "the group that ran last comes first");
    equal(`${facts.rows} ${facts.runs} ${facts.greatest.util_pct}`, "2001 1501 99");
    equal(facts.values.path_type?.toSorted().join(), "max,min");
  });
});
