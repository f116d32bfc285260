import { deepStrictEqual as same, ok } from "node:assert";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { withTables } from "../help/boards/boards.ts";
import { summaryOf } from "../help/boards/summaries.ts";

type Value = string | number | null;
type Row = Record<string, Value>;

const TYPES: Record<string, string> = {
  run_ts: "timestamptz",
  design: "text",
  corner: "text",
  metric: "text",
};
const typeOf = (name: string) => TYPES[name.toLowerCase()] ?? "float8";

/** Numbers that come again at each run: the same for the same seed. */
function randomly(seed: number) {
  return (n: number) => (seed = (seed * 48271) % 2147483647) % n;
}

const CORNERS = ["ss", "tt", "ff"];

/** Three runs of two designs in three corners, the corners of a run at one time. */
function generated(seed: number): Row[] {
  const random = randomly(seed);
  return [1, 2, 3].flatMap((day) =>
    ["aes", "ibex"].flatMap((design, d) =>
      CORNERS.map((corner) => ({
        run_ts: `2026-01-0${day} 0${d + 1}:00:00Z`,
        design,
        corner,
        wns: (random(200) - 150) / 1000,
        tns: -random(5000) / 100,
        nvp: random(300),
        area_um2: 1000 * (d + 1) + random(50),
        total_power_mw: 1 + random(900) / 100,
      }))
    )
  );
}

function shuffled<T>(list: T[], random: (n: number) => number): T[] {
  return list.map((one) => ({ one, at: random(1e6) })).toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (value: Value | undefined) =>
  value === null || value === undefined
    ? "null"
    : typeof value === "number"
    ? `${value}`
    : `'${value}'`;

async function load(db: Sql, table: string, rows: Row[], columns = Object.keys(rows[0]!)) {
  const list = columns.map((name) => `${quoted(name)} ${typeOf(name)}`).join(", ");
  const values = rows.map((row) => `(${columns.map((name) => literal(row[name])).join(", ")})`);
  await db.unsafe(`drop table if exists public.${table}; create table public.${table} (${list});
    insert into public.${table} values ${values.join(", ")}`).simple();
}

/** What is said of a table: each number with its value and the one before. */
async function saidOf(reader: Sql, table: string) {
  const { numbers } = await summaryOf(reader, table);
  ok(
    numbers.length > 0 && numbers.every(({ sure }) => sure),
    `${table}: ${JSON.stringify(numbers)}`,
  );
  return numbers.map(({ name, group, value, before, better }) => ({
    name,
    group,
    value,
    before,
    better,
  }))
    .toSorted((a, b) => `${a.group} ${a.name}` < `${b.group} ${b.name}` ? -1 : 1);
}

async function forSeeds(work: (db: Sql, reader: Sql, rows: Row[], seed: number) => Promise<void>) {
  await withTables(async ({ db }, reader) => {
    for (const seed of [3, 17, 4711, 90001]) await work(db, reader, generated(seed), seed);
  });
}

Deno.test("summarize() is the same for shuffled rows and columns, and columns that say nothing", async () => {
  await forSeeds(async (db, reader, rows, seed) => {
    await load(db, "t", rows);
    const wanted = await saidOf(reader, "t");
    const random = randomly(seed + 1);
    const more = rows.map((row) => ({ ...row, licence_count_x: random(9), remark_no: random(3) }));
    await load(db, "t", shuffled(more, random), shuffled(Object.keys(more[0]!), random));
    same(await saidOf(reader, "t"), wanted);
  });
});

Deno.test("summarize() is the same for names in another case, quoted or with blanks", async () => {
  await forSeeds(async (db, reader, rows) => {
    await load(db, "t", rows);
    const wanted = await saidOf(reader, "t");
    for (
      const renamed of [
        (name: string) => name.toUpperCase(),
        (name: string) => name.replaceAll("_", " "),
        (name: string) => name.replace(/(?:^|_)(\w)/g, (_, letter) => letter.toUpperCase()),
      ]
    ) {
      const types = Object.fromEntries(
        Object.keys(rows[0]!).map((name) => [renamed(name), typeOf(name)]),
      );
      const list = Object.entries(types).map(([name, type]) => `${quoted(name)} ${type}`).join(
        ", ",
      );
      await db.unsafe(`drop table if exists public.u; create table public.u (${list});
        insert into public.u select * from public.t`).simple();
      same(await saidOf(reader, "u"), wanted, Object.keys(types).join());
    }
  });
});

Deno.test("summarize() is the same for a wide and a long table", async () => {
  await forSeeds(async (db, reader, rows) => {
    await load(db, "t", rows);
    const long = rows.flatMap(({ run_ts, design, corner, ...values }) =>
      Object.entries(values).map(([metric, value]) => ({
        run_ts: run_ts!,
        design: design!,
        corner: corner!,
        metric,
        value: value!,
      }))
    );
    await load(db, "u", long);
    same(await saidOf(reader, "u"), await saidOf(reader, "t"));
  });
});

Deno.test("summarize() is the same for one transaction and for rows that trickle in", async () => {
  await forSeeds(async (db, reader, rows) => {
    await load(db, "t", rows);
    const trickled = rows.map((row, i) => ({
      ...row,
      run_ts: new Date(Date.parse(row.run_ts as string) + i * 90_000).toISOString(),
    }));
    await load(db, "u", trickled);
    same(await saidOf(reader, "u"), await saidOf(reader, "t"));
  });
});

Deno.test("summarize() of all corners is the worst of a table for each corner", async () => {
  await forSeeds(async (db, reader, rows) => {
    await load(db, "t", rows);
    const all = await saidOf(reader, "t");
    const each = [];
    for (const corner of CORNERS) {
      await load(db, "u", rows.filter((row) => row.corner === corner));
      each.push(await saidOf(reader, "u"));
    }
    for (const [i, { name, value, before }] of all.entries()) {
      const worst = name.startsWith("setup") ? Math.min : Math.max;
      same(value, worst(...each.map((numbers) => numbers[i]!.value)), name);
      same(before, worst(...each.map((numbers) => numbers[i]!.before!)), name);
    }
    const wide = [...Map.groupBy(rows, ({ run_ts, design }) => `${run_ts} ${design}`).values()].map(
      (own) =>
        Object.fromEntries([
          ["run_ts", own[0]!.run_ts!],
          ["design", own[0]!.design!],
          ...own.flatMap((row) =>
            ["wns", "tns", "nvp"].map((name) => [`${name}_${row.corner}`, row[name]!])
          ),
        ]) as Row,
    );
    await load(db, "v", wide);
    same(await saidOf(reader, "v"), all.filter(({ name }) => /setup|violations/.test(name)));
  });
});
