import { boardOf, withTables } from "../../help/boards/boards.ts";
import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { describeMapping } from "../../../src/measures/describe.ts";
import type { Correction } from "../../../src/measures/mapping/correction.ts";
import { over } from "../../../src/measures/mapping/correction.ts";
import { faultsOf } from "../../../src/measures/measures.ts";
import { readTable } from "../../../src/measures/read.ts";
import { summarize } from "../../../src/measures/summary.ts";
import type { Sql } from "../../../src/external/postgres/postgres.ts";

const WIDE =
  `create table t (build text, night text, stamp timestamptz, tapeout date, block_nm text,
    pvt text, quux float8, wns_a float8, power_mw text, seen json);
  insert into t values
    ('b9', 'n1', '2026-01-01', '2027-01-01', 'alu', 'ss', -7, -0.1, '12.5 mW', '{}'),
    ('b9', 'n1', '2026-01-01', '2027-01-01', 'alu', 'ff', -5, 0.1, '12.5 mW', '{}'),
    ('b10', 'n2', '2026-01-02', '2027-01-01', 'alu', 'ss', -3, -0.2, '13 mW', '{}'),
    ('b10', 'n2', '2026-01-02', '2027-01-01', 'fpu', 'ss', -4, 0.3, '7 mW', '{}')`;

/** Reads table `t` with a correction: its mapping, its numbers, and what cannot be followed. */
async function read(reader: Sql, correction: Correction = {}) {
  const facts = await readTable(reader, "public", "t", "timing", correction);
  const { numbers } = await summarize(reader, facts);
  return {
    mapping: describeMapping(facts),
    faults: faultsOf(facts),
    numbers: numbers.map(({ group, name, value, unit, before, sure }) =>
      `${group ?? "-"} ${name} ${value}${unit ? ` ${unit}` : ""} ${before}${sure ? "" : " ?"}`
    ),
    doubts: numbers.map(({ doubt }) => doubt),
  };
}

async function withTable(
  sql: string,
  work: (reader: Sql, change: (sql: string) => Promise<unknown>) => Promise<void>,
) {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(sql).simple();
    await work(reader, (sql) => db.unsafe(sql).simple());
  });
}

Deno.test("mappingOf() reads a number from the column and in the unit that a person names", async () => {
  await withTable(WIDE, async (reader) => {
    const measures: Correction["measures"] = [{ name: "setup_wns", column: "quux", unit: "ps" }];
    const { mapping, numbers, faults } = await read(reader, { measures, group: ["block_nm"] });
    same(faults, []);
    same(numbers.filter((line) => line.includes("setup_wns")), [
      "alu setup_wns -3 ps -7",
      "fpu setup_wns -4 ps null",
    ]);
    same(mapping.measures[0], {
      ...{ name: "setup_wns", column: "quux", metric: null, unit: "ps", sure: true, doubt: null },
    });
    same(mapping.corrected, ["group", "measures.setup_wns"]);
    equal(mapping.ignored.includes("quux"), false);
  });
});

Deno.test("a board shows the corrected number, and its cells under its name and unit", async () => {
  await withTable(WIDE, async (reader) => {
    const measures: Correction["measures"] = [{ name: "setup_wns", column: "quux", unit: "ps" }];
    const correction = { measures, group: ["block_nm"] };
    const { board, panels } = await boardOf(reader, "t", "timing", "public", correction);
    same(panels.get("Setup WNS · worst")!.columns["Setup WNS"], [-4]);
    const stat = board.panels!.find(({ title }) => title === "Setup WNS · worst");
    match(JSON.stringify(stat), /suffix: ps/);
    const cells = [...panels.values()].find(({ type, columns }) =>
      type === "table" && columns["Setup WNS"]
    );
    same(cells!.columns["Setup WNS"]!.toSorted(), [-3, -4]);
    ok([...panels.values()].every(({ status }) => status === 200));
  });
});

Deno.test("mappingOf() switches a number off, and reads text cells of a column that a person names", async () => {
  await withTable(WIDE, async (reader) => {
    const off = await read(reader, { measures: [{ name: "power", column: null }] });
    equal(off.numbers.some((line) => line.includes("power")), false);
    equal(off.mapping.measures.find(({ name }) => name === "power")!.column, null);
    const area = await read(reader, {
      measures: [{ name: "area", column: "power_mw", unit: "µm²" }],
    });
    equal(area.mapping.measures.find(({ name }) => name === "area")!.unit, "µm²");
    equal(area.numbers.some((line) => /area 13 µm²/.test(line)), true, area.numbers.join());
  });
});

Deno.test("mappingOf() takes runs from the columns and order that a person names", async () => {
  await withTable(WIDE, async (reader) => {
    const byName = await read(reader, { run: { columns: ["night"], order_by: null } });
    same(byName.mapping.run, { columns: ["night"], order_by: null });
    match(byName.numbers[0]!, /setup_wns -0.2 -0.1/);
    const two = await read(reader, { run: { columns: ["build", "night"], order_by: "stamp" } });
    same(two.mapping.run, { columns: ["build", "night"], order_by: "stamp" });
    match(two.numbers[0]!, /setup_wns -0.2 -0.1/);
    const time = await read(reader, { run: { columns: ["stamp"], order_by: "stamp" } });
    same(time.mapping.run, { columns: ["stamp"], order_by: "stamp" });
    const all = await read(reader, { run: { columns: [], order_by: null } });
    same(all.mapping.run, { columns: [], order_by: null });
    const kept = await read(reader, { run: { columns: ["night"] } });
    same(kept.mapping.run, { columns: ["night"], order_by: "stamp" });
  });
});

Deno.test("mappingOf() takes dimensions as a person names them, and leaves out ignored columns", async () => {
  await withTable(WIDE, async (reader) => {
    const { mapping } = await read(reader, { dimensions: ["block_nm"], ignored: ["pvt", "seen"] });
    same(mapping.dimensions, ["block_nm"]);
    same(mapping.ignored, ["pvt", "seen"]);
    same(mapping.corrected, ["dimensions", "ignored"]);
    equal(
      (await read(reader, { ignored: ["wns_a"] })).mapping.measures.some(({ name }) =>
        name === "setup_wns"
      ),
      false,
    );
  });
});

Deno.test("mappingOf() puts a person before a comment, a comment before format and vocabulary", async () => {
  const format = `create table t ("Clock" text, "WNS(ns)" float8, "TNS(ns)" float8,
      "TNS Failing Endpoints" int, mine float8, other float8);
    insert into t values ('clk', -0.1, -1, 3, -0.4, -0.6)`;
  await withTable(format, async (reader, change) => {
    const wns = async (correction?: Correction) => {
      const { mapping } = await read(reader, correction);
      const { column, unit } = mapping.measures.find(({ name }) => name === "setup_wns")!;
      return [mapping.format, column, unit];
    };
    same(await wns(), ["Vivado timing summary", "WNS(ns)", "ns"]);
    await change(`comment on column t.mine is 'dashkeeper: setup_wns [ps]'`);
    same(await wns(), ["Vivado timing summary", "mine", "ps"]);
    same(await wns({ measures: [{ name: "setup_wns", column: "other", unit: "fs" }] }), [
      ...["Vivado timing summary", "other", "fs"],
    ]);
    await change(`comment on column t."TNS(ns)" is 'dashkeeper: ignore'`);
    const { mapping } = await read(reader);
    same(mapping.ignored.includes("TNS(ns)"), true);
    equal(mapping.measures.some(({ name }) => name === "setup_tns"), false);
    same(mapping.corrected, ["measures.setup_wns", "ignored"]);
  });
});

Deno.test("mappingOf() follows the words run, group, dimension and corner in comments", async () => {
  await withTable(WIDE, async (reader, change) => {
    await change(`comment on column t.night is 'dashkeeper: run';
      comment on column t.block_nm is 'dashkeeper: group';
      comment on column t.build is 'dashkeeper: dimension';
      comment on column t.pvt is 'our names. dashkeeper: corner'`);
    const { mapping } = await read(reader);
    same(mapping.run, { columns: ["night"], order_by: "stamp" });
    same(mapping.group, ["block_nm"]);
    same(mapping.dimensions.toSorted(), ["build", "pvt"]);
    same(mapping.corrected, ["run", "group", "dimensions"]);
  });
});

Deno.test("mappingOf() falls back where a corrected column is gone, and says so", async () => {
  await withTable(WIDE, async (reader) => {
    const lost = await read(reader, { measures: [{ name: "setup_wns", column: "gone" }] });
    const wns = lost.mapping.measures.find(({ name }) => name === "setup_wns")!;
    same([wns.column, wns.sure], ["wns_a", false]);
    equal(wns.doubt, 'Correction ignored: There is no column "gone".');
    same(lost.mapping.corrected, []);
    same(lost.faults.map(({ path }) => path), ["measures.setup_wns.column"]);
    const run = await read(reader, { run: { columns: ["gone"], order_by: null } });
    same(run.mapping.run, (await read(reader)).mapping.run);
    equal(run.doubts[0], 'Correction of run ignored: There is no column "gone".');
  });
});

Deno.test("mappingOf() names each fault of a correction by its place", async () => {
  await withTable(WIDE, async (reader) => {
    const of = async (correction: Correction) =>
      (await read(reader, correction)).faults.map(({ path, message }) => `${path}: ${message}`);
    const measure = (column: string, more: { unit?: string; metric?: string } = {}) =>
      of({ measures: [{ name: "setup_wns", column, ...more }] });
    same(await measure("block_nm"), [
      'measures.setup_wns.column: Column "block_nm" has no numbers.',
    ]);
    same(await measure("quux", { unit: "parsec" }), [
      'measures.setup_wns.unit: Unknown unit "parsec".',
    ]);
    same(await measure("quux", { unit: "mW" }), [
      'measures.setup_wns.unit: "mW" is not a unit of this number.',
    ]);
    same(await measure("quux", { metric: "ws" }), [
      'measures.setup_wns.metric: No metric is named "ws".',
    ]);
    same(await of({ run: { columns: ["night"], order_by: "pvt" } }), [
      'run.order_by: Column "pvt" has no times.',
    ]);
    same(await of({ group: ["pvt"], dimensions: ["build", "pvt"] }), [
      'group.0: "pvt" is also listed in "dimensions".',
      'dimensions.1: "pvt" is also listed in "group".',
    ]);
  });
});

Deno.test("mappingOf() reads a long table's number from the metric that a person names", async () => {
  const long = `create table t (at timestamptz, design text, metric text, value float8, unit text);
    insert into t values ('2026-01-01', 'a', 'finish__timing__setup__ws', -0.1, 'ns'),
      ('2026-01-01', 'a', 'my_slack', -30, null), ('2026-01-01', 'a', 'their_slack', -20, 'ps')`;
  await withTable(long, async (reader) => {
    const of = async (metric: string, unit?: string) => {
      const measures: Correction["measures"] = [
        { name: "setup_wns", column: "value", metric, ...(unit && { unit }) },
      ];
      return (await read(reader, { measures })).numbers[0];
    };
    equal(await of("my_slack", "ps"), "a setup_wns -30 ps null");
    equal(await of("their_slack"), "a setup_wns -20 ps null");
    const confirmed = await read(reader, { measures: [{ name: "setup_wns", column: "value" }] });
    equal(confirmed.mapping.measures[0]!.metric, "finish__timing__setup__ws");
  });
});

Deno.test("mappingOf() keeps counting rows where a person confirms their column", async () => {
  const paths = `create table t (at timestamptz, endpoint text, slack float8);
    insert into t values ('2026-01-01', 'a', -0.1), ('2026-01-01', 'b', -0.2)`;
  await withTable(paths, async (reader) => {
    const measures: Correction["measures"] = [
      { name: "setup_tns", column: "slack", unit: "ns" },
      { name: "violations", column: "slack" },
    ];
    const { numbers, faults } = await read(reader, { measures });
    same(faults, []);
    same(numbers, [
      "- setup_wns -0.2 ns null",
      "- setup_tns -0.3 ns null",
      "- violations 2 null",
    ]);
  });
});

Deno.test("over() replaces the parts that are named, and measures by their names", () => {
  const base: Correction = { group: ["a"], measures: [{ name: "area", column: "x" }] };
  const change: Correction = {
    run: { columns: ["r"] },
    measures: [{ name: "power", column: "p" }],
  };
  same(over(base, change), {
    group: ["a"],
    run: { columns: ["r"] },
    measures: [{ name: "area", column: "x" }, { name: "power", column: "p" }],
  });
  same(over(over(base, change), { measures: [{ name: "area", column: null }] }).measures, [
    { name: "power", column: "p" },
    { name: "area", column: null },
  ]);
});
