import { quoteName } from "../../../src/measures/sql.ts";
import type { Sql } from "../../../src/external/postgres/postgres.ts";

/** Definitions of tables that no template expects; `T` stands for the table itself. */
const ODD: Record<string, string> = {
  one_row: `(a int); insert into T values (1)`,
  no_numbers: `(name text, made date); insert into T values ('x', '2026-01-01'), (null, null)`,
  wide: `(${Array.from({ length: 300 }, (_, i) => `c${i} float8`)}); insert into T (c0) values (1)`,
  'Mixed "Quotes"':
    `("Say ""hi"" (UTC), $__timeFilter(x)" timestamp, "select" float8, "größe [µm]" real);
    insert into T values ('2026-01-01', 1, 2), ('2026-01-02', 2, 3)`,
  ["ü".repeat(31)]: `("${"x".repeat(63)}" int, "${
    "y".repeat(63)
  }" text); insert into T values (1, 'a')`,
  types:
    `(id uuid default gen_random_uuid(), list int[], j json, jb jsonb, mood E, n numeric, m money,
    b bytea, i interval, ip inet, p point, ok boolean, tm time, r int4range);
    insert into T (list, j, jb, mood, n, b, i, ok) values ('{1,2}', '{"a":"</script>"}', '{}', 'good', 1e400, '\\x00', '1 h', true),
    (null, null, null, null, 'NaN', null, null, null)`,
  not_finite: `(t timestamptz, slack_ns float8, setup_wns numeric); insert into T values
    ('infinity', 'NaN', 'NaN'), ('-infinity', 'Infinity', 1), ('2026-01-01', '-Infinity', -0.1)`,
  never_over: `(valid_from timestamptz, valid_to timestamp, until date, a int); insert into T values
    ('-infinity', 'infinity', 'infinity', 1), ('infinity', '-infinity', '20000-01-01', 2),
    ('20000-01-01', '0044-03-15 BC', '0044-03-15 BC', 3)`,
  for_ever: `(valid date, a int); insert into T values ('1900-01-02', 1), ('9999-12-31', 2)`,
  no_columns: `()`,
  nulls: `(run_ts timestamptz, design text, wns float8); insert into T values (null, null, null)`,
  reserved:
    `("order" int, "user" text, "table" timestamptz, "group" text, "metric" text, "time" int);
    insert into T values (1, 'a', now(), 'g', 'm', 5), (2, 'b', now(), 'h', 'n', 6)`,
  hostile: `(design text, run_ts timestamptz, wns float8); insert into T values
    ('''; drop table x; --', '2026-01-01', 1), ('$__timeFilter(a) </script>', '2026-01-01', -1), ('\\', '2026-01-01', 0)`,
  "${x} $__x [[x]]":
    `("\${x}" text, "$__timeFilter(a)" timestamptz, "[[wns]]" float8, "\${design:sqlstring}" text);
    insert into T values ('a', '2026-01-01', 1, 'b'), ('\${run:sqlstring}', '2026-01-02', -1, '[[c]]')`,
  runtime_as_text: `(run_ts timestamptz, design text, area_um2 float8, runtime text); insert into T
    values ('2026-01-01', 'd', 1, '0:13:42.36'), ('2026-01-02', 'd', 2, 'N/A')`,
  many_designs: `(design text, run_ts timestamptz, wns float8, area float8); insert into T
    select 'd' || i, timestamptz '2026-01-01Z' + i * interval '1 minute', i, i from generate_series(1, 1500) i`,
};

const SCHEMA = `Odd "Place"`;

/** Makes them all; `table` as SQL writes it. */
export async function loadOdd(db: Sql): Promise<{ schema: string; name: string; table: string }[]> {
  await db`create schema ${db(SCHEMA)}`;
  await db.unsafe(`create type public."E" as enum ('good', 'bad')`);
  const made = [];
  for (const [name, definition] of Object.entries(ODD)) {
    const table = `${quoteName(SCHEMA)}.${quoteName(name)}`;
    const sql = definition.replaceAll(/ T(?=\s)/g, () => ` ${table}`).replace(
      " E,",
      ` public."E",`,
    );
    await db.unsafe(`create table ${table} ${sql}`).simple();
    made.push({ schema: SCHEMA, name, table });
  }
  return made;
}
