import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { faultOfQuery, nameTable, partsOf } from "../../src/templates/sql.ts";
import { freshDatabase } from "../help/world/postgres.ts";

const kinds = (sql: string) => partsOf(sql).map(({ kind, sql }) => `${kind}:${sql}`);

Deno.test("partsOf() cuts as PostgreSQL's lexer does", () => {
  same(kinds("a 'b''c' d"), ["code:a ", "text:'b''c'", "code: d"]);
  same(kinds("'\\'--x"), ["text:'\\'", "comment:--x"]);
  same(kinds("E'\\'' x"), ["text:E'\\''", "code: x"]);
  same(kinds('"a""b"'), ['name:"a""b"']);
  same(kinds("/* a /* b */ ' */ c"), ["comment:/* a /* b */ ' */", "code: c"]);
  same(kinds("$$ ' $$ $x$ $$ $x$"), ["text:$$ ' $$", "code: ", "text:$x$ $$ $x$"]);
  same(kinds("-- '\n1"), ["comment:-- '", "code:\n1"]);
  same(kinds("a$b$c"), ["code:a$b$c"]);
  same(kinds("'open"), ["open:'open"]);
  same(kinds("/* open"), ["open:/* open"]);
  const all = "SELECT '$a' || \"b\" /* c */ -- d\n + $$e$$";
  equal(partsOf(all).map(({ sql }) => sql).join(""), all);
});

Deno.test("faultOfQuery() takes one reading statement", () => {
  for (
    const sql of [
      "SELECT 1",
      " ( select 1 ) ; ",
      "-- first\nWITH a AS (SELECT 1) SELECT * FROM a",
      "TABLE ${schema}.${table}",
      "VALUES (1)",
      "SELECT 'a; DELETE FROM b' || \"x;y\" -- ; drop\n FROM ${table}",
      "SELECT '${table}', \"${table}\".* FROM ${schema}.${table}",
      "SELECT delete, (update + 1) FROM ${table} WHERE $__timeFilter(t) AND d IN ($design)",
      "SELECT $$insert into a$$",
    ]
  ) equal(faultOfQuery(sql), undefined, sql);
});

Deno.test("faultOfQuery() says why another query may not stand there", () => {
  for (
    const [sql, why] of [
      ["", /no query/],
      ["-- nothing", /no query/],
      ["DELETE FROM a", /Only SELECT/],
      ["EXPLAIN ANALYZE DELETE FROM a", /Only SELECT/],
      ["COPY a TO PROGRAM 'x'", /Only SELECT/],
      ["SELECT 1; SELECT 2", /one statement/],
      ["SELECT 1; -- x\n DROP TABLE a", /one statement/],
      ["SELECT * INTO b FROM a", /writes/],
      ["WITH x AS (DELETE FROM a RETURNING *) SELECT * FROM x", /writes/],
      ["WITH x AS(/* y */insert/**/into a VALUES (1) RETURNING *) SELECT 1", /writes/],
      ["WITH x AS (SELECT 1) DELETE FROM a", /writes/],
      ["WITH x AS (UPDATE ONLY täble AS t SET a = 1 RETURNING *) SELECT 1", /writes/],
      ['WITH x AS (update "a b" set c = 1) SELECT 1', /writes/],
      ["WITH x AS (MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE) SELECT 1", /writes/],
      ["SELECT * FROM a FOR UPDATE", /locks/],
      ["SELECT * FROM a FOR NO KEY UPDATE SKIP LOCKED", /locks/],
      ["SELECT $1", /parameters/],
      ["SELECT 'x", /not closed/],
      ["SELECT 1 /* x", /not closed/],
      ["SELECT 'rows of ${table}'", /alone/],
      ['SELECT 1 FROM "${schema}.${table}"', /alone/],
      ["SELECT $$${table}$$", /alone/],
      ["SELECT 1 FROM ${table}_old", /whole name/],
      ["SELECT 1 FROM old_${table}", /whole name/],
      ["SELECT ${datasource}", /no place/],
    ] as const
  ) match(faultOfQuery(sql) ?? "nothing", why, sql);
});

const HOSTILE = [
  "a",
  'x"; drop table a; --',
  "it's",
  "$__timeFilter(x)",
  "${schema}",
  "[[table]]",
  "back\\slash",
  "Größe ☃",
  "select",
  "a.b",
  "$$",
  "\n",
];

Deno.test("nameTable() names tables of any name so that PostgreSQL finds them", async () => {
  await using fresh = await freshDatabase();
  for (const [i, name] of HOSTILE.entries()) {
    const [table, schema] = [name, `s ${name}`];
    await fresh.db`create schema ${fresh.db.unsafe(`"${schema.replaceAll('"', '""')}"`)}`;
    const quoted = [schema, table].map((one) => `"${one.replaceAll('"', '""')}"`).join(".");
    await fresh.db.unsafe(`create table ${quoted} (n int); insert into ${quoted} values (${i})`);
    const sql = nameTable(
      `SELECT n, '\${table}' AS "t", '\${schema}' AS s, "\${table}".n AS m, '\${x}' AS x
       FROM \${schema}.\${table} -- \${table}`,
      { table, schema },
    );
    const rows = await fresh.db.unsafe(sql);
    same([...rows], [{ n: i, t: table, s: schema, m: i, x: "${x}" }], name);
    const alone = nameTable(
      'SELECT ${table}.n, b.n AS m FROM ${table} JOIN "${schema}". "${table}" AS b USING (n)',
      { table, schema },
    );
    same([...await fresh.db.unsafe(alone)], [{ n: i, m: i }], alone);
    const alias = nameTable('SELECT 1 AS n FROM "${table}" AS ${table}', { table, schema });
    same([...await fresh.db.unsafe(alias)], [{ n: 1 }], alias);
    // What Grafana would fill in stands in no name.
    ok(!/\$__|\[\[/.test(sql), sql);
  }
});
