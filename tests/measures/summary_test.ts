import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { keyNumber, ofNewRuns } from "../../src/measures/number.ts";
import { writtenUnit } from "../../src/measures/names/units.ts";
import { withTables } from "../help/boards/boards.ts";
import { summaryOf, told } from "../help/boards/summaries.ts";

const wide = `create table t (run_ts timestamptz, design text, platform text, variant text,
  setup_wns_ns float8, setup_tns_ns float8, hold_wns_ns float8, violations int, drc_errors int,
  area_um2 float8, util_pct float8, power_mw float8, runtime_s float8, git_commit text)`;

Deno.test("summarize() tells every number of a wide table, with unit, change and direction", async () => {
  const { numbers, why } = await told(
    "qor",
    wide,
    `insert into t values
      ('2026-01-02', 'gcd', 'sky130hd', 'base', -0.12, -3, 0.02, 9, 4, 90, 55, 7, 60, 'bbbbbbb'),
      ('2026-01-01', 'gcd', 'sky130hd', 'base', -0.05, -4, 0.02, 2, 7, 95, 50, 6, 80, 'aaaaaaa'),
      ('2026-01-01', 'gcd', 'sky130hd', 'fast', 1, 1, 1, 1, 1, 1, 1, 1, 1, 'aaaaaaa'),
      ('2025-12-31', 'gcd', 'sky130hd', 'base', 9, 9, 9, 9, 9, 9, 9, 9, 9, 'aaaaaaa')`,
  );
  same(numbers, [
    "gcd sky130hd base: setup_wns -0.12 ns (-0.05 worse)",
    "gcd sky130hd base: setup_tns -3 ns (-4 better)",
    "gcd sky130hd base: hold_wns 0.02 ns (0.02)",
    "gcd sky130hd base: violations 9 (2 worse)",
    "gcd sky130hd base: drc_total 4 (7 better)",
    "gcd sky130hd base: area 90 µm² (95 better)",
    "gcd sky130hd base: utilization 55 % (50)",
    "gcd sky130hd base: power 7 mW (6 worse)",
    "gcd sky130hd base: runtime 60 s (80 better)",
    "gcd sky130hd fast: setup_wns 1 ns",
    "gcd sky130hd fast: setup_tns 1 ns",
    "gcd sky130hd fast: hold_wns 1 ns",
    "gcd sky130hd fast: violations 1",
    "gcd sky130hd fast: drc_total 1",
    "gcd sky130hd fast: area 1 µm²",
    "gcd sky130hd fast: utilization 1 %",
    "gcd sky130hd fast: power 1 mW",
    "gcd sky130hd fast: runtime 1 s",
  ]);
  equal(why, "gcd sky130hd base: setup WNS -0.05 → -0.12 ns, since bbbbbbb");
});

Deno.test("summarize() shows each group's own newest run, the one that got worse first", async () => {
  const { numbers, why } = await told(
    "qor",
    `create table t (design text, run_date date, wns float8)`,
    `insert into t values ('b', '2026-01-02', -2), ('b', '2026-01-01', -1), ('a', '2026-01-02', 1),
      ('a', '2025-01-01', 0), (null, '2026-01-02', 5), (null, '2026-01-01', 5), ('old', '2026-01-01', 3)`,
  );
  same(numbers, [
    "b: setup_wns -2 (-1 worse)",
    "a: setup_wns 1 (0 better)",
    "old: setup_wns 3",
    "setup_wns 5 (5)",
  ]);
  equal(why, null, "neither a place nor a commit is known");
});

Deno.test("summarize() leaves out what is missing, and never fills it in", async () => {
  const { numbers } = await told(
    "qor",
    `create table t (run_ts timestamp, setup_wns_ns float8, setup_tns_ns numeric, hold_wns text,
      area real, power text, runtime text, drc text, utilization text)`,
    `insert into t values
      ('infinity', 7, 7, '7', 7, '7', '7:00:00', '7', '7'),
      ('2026-01-02', 'NaN', 'NaN', 'N/A', 'infinity', ' 1.5e-3 ', '0:13:42.36', '12', 'ERR'),
      ('2026-01-01', -1, -1, '-0.1', 3, 'n/a', '0:10:00', '1e999', '40'),
      (null, 1, 1, '1', 1, '1', '1:00:00', '1', '1')`,
  );
  same(numbers, ["drc_total 12", "power 0.0015", "runtime 822.36 s (600 worse)"]);
});

Deno.test("summarize() converts what was before to the unit of now, where both are known", async () => {
  const rows = (unit: string) =>
    told(
      "timing",
      `create table t (run_ts date, setup_wns float8, time_unit text)`,
      `insert into t values ('2026-01-02', -16, '1ps'), ('2026-01-01', -0.01, ${unit})`,
    );
  same((await rows("'1ps'")).numbers, ["setup_wns -16 ps (-0.01 worse)"]);
  same((await rows("'1ns'")).numbers, ["setup_wns -16 ps (-10 worse)"]);
  same((await rows("null")).numbers, ["setup_wns -16 ps"]);
  same(["1ps", "um^2", "%", " mW ", "", null, "lambda"].map(writtenUnit), [
    "ps",
    "µm²",
    "%",
    "mW",
    null,
    null,
    "lambda",
  ]);
});

Deno.test("summarize() reads a long table by the names of its metrics", async () => {
  const rows = (value: string) =>
    told(
      "qor",
      `create table t (run_ts timestamptz, design text, metric text, value ${value}, unit text)`,
      `insert into t select '2026-01-01'::date + n, 'gcd', m, (v + n)::text::${value}, u
        from generate_series(0, 1) n, (values ('finish__timing__setup__ws', -1.5, '1ns'),
          ('cts__timing__setup__ws', 5, '1ns'), ('finish__design__instance__area', 10, 'um^2'),
          ('finish__power__total', 2, null), ('unheard_of', 1, 'x')) m (m, v, u)`,
      ...(value === "text"
        ? [`insert into t values ('2026-01-02', 'gcd', 'total_time', '0:01:00', null)`]
        : []),
    );
  const wanted = [
    "gcd: setup_wns -0.5 ns (-1.5 better)",
    "gcd: area 11 µm² (10 worse)",
    "gcd: power 3 (2 worse)",
  ];
  same((await rows("float8")).numbers, wanted);
  same((await rows("text")).numbers, [...wanted, "gcd: runtime 60 s"]);
});

const paths = `create table t (run_ts timestamptz, corner text, path_group text, path_type text,
  startpoint text, endpoint text, slack_ns float8, git_sha text)`;

Deno.test("summarize() tells of a table of paths: worst, total by endpoint, violations, and why", async () => {
  const { numbers, why } = await told(
    "timing",
    paths,
    `insert into t values
      ('2026-01-01', 'ss', 'clk', 'max', 'a', 'e1', -0.05, 'aaa1111'),
      ('2026-01-01', 'ss', 'io', 'max', 'a', 'e2', 0.9, 'aaa1111'),
      ('2026-01-01', 'ff', 'clk', 'min', 'a', 'e1', 0.01, 'aaa1111'),
      ('2026-01-02', 'ss', 'clk', 'max', 'a', 'e1', -0.12, '3f2a9c1'),
      ('2026-01-02', 'tt', 'clk', 'max', 'b', 'e1', -0.11, '3f2a9c1'),
      ('2026-01-02', 'ss', 'clk', 'max', 'b', 'e3', -0.02, '3f2a9c1'),
      ('2026-01-02', 'ss', 'io', 'max', 'a', 'e2', 0.1, '3f2a9c1'),
      ('2026-01-02', 'ff', 'clk', 'min', 'a', 'e1', -0.01, '3f2a9c1'),
      ('2026-01-02', 'ff', 'clk', 'min', 'a', 'e2', 'NaN', '3f2a9c1')`,
  );
  same(numbers, [
    "setup_wns -0.12 ns (-0.05 worse)",
    "setup_tns -0.14 ns (-0.05 worse)",
    "hold_wns -0.01 ns (0.01 worse)",
    "hold_tns -0.01 ns (0 worse)",
    "violations 2 (1 worse)",
    "hold_violations 1 (0 worse)",
  ]);
  equal(why, "Setup WNS -0.05 → -0.12 ns, worst in path group clk, 2 endpoints, since 3f2a9c1");
});

Deno.test("summarize() counts violations by rows, by a count, by the last iteration, and names the rule", async () => {
  const objects = await told(
    "drc",
    `create table t (run_ts date, rule text, layer text, x1_um float8, git_commit text)`,
    `insert into t select '2026-01-01', 'width', 'M1', 1, 'aaaaaaa' from generate_series(1, 5)`,
    `insert into t select '2026-01-02', 'width', 'M' || n % 3, 1, repeat('b', 40)
      from generate_series(1, 4) n`,
    `insert into t select '2026-01-02', 'short', 'M1', 1, repeat('b', 40) from generate_series(1, 9)`,
  );
  same(objects, {
    numbers: ["drc_total 13 (5 worse)"],
    why: "DRC violations 5 → 13, most in rule short, since bbbbbbbbb",
  });
  const counts = await told(
    "drc",
    `create table t (run_ts date, iteration int, rule text, layer text, count int)`,
    `insert into t values ('2026-01-01', 1, 'a', 'M1', 70), ('2026-01-01', 2, 'a', 'M1', 7),
      ('2026-01-01', 2, 'b', 'M2', 3), ('2026-01-02', 1, 'b', 'M2', 90), ('2026-01-02', 3, 'a', 'M1', 4)`,
  );
  same(counts, {
    numbers: ["drc_total 4 (10 better)"],
    why: "DRC violations 10 → 4, most in rule a",
  });
});

Deno.test("summarize() takes what the last stage left, and the runtime of all stages", async () => {
  const { numbers } = await told(
    "qor",
    `create table t (run_ts date, stage text, wns_ns float8, area_um2 float8, runtime_s float8)`,
    `insert into t values ('2026-01-01', '1_synth', -9, 5, 10), ('2026-01-01', '6_report', -1, 7, 20),
      ('2026-01-01', '3_place', -5, 99, 30), ('2026-01-01', '5_route', null, 8, null)`,
  );
  same(numbers, ["setup_wns -1 ns", "area 7 µm²", "runtime 60 s"]);
});

Deno.test("summarize() without a time orders runs by name, and is not sure where it cannot know which is newest", async () => {
  same((await told("qor", `create table t as select 'gcd' as design, 3.5 as area_um2`)).numbers, [
    "gcd: area 3.5 µm²",
  ]);
  const rows = `select n as area, 'gcd' as design from generate_series(1, 2) n`;
  same((await told("qor", `create table t as ${rows}`)).numbers, ["gcd: area 2 not sure"]);
  const slacks = (runs: number) =>
    `create table t as
    select 'e' || n as endpoint, -n as slack_ns, 'r' || n % ${runs} as run_id from generate_series(1, 4) n`;
  same((await told("timing", slacks(1))).numbers, [
    "setup_wns -4 ns",
    "setup_tns -10 ns",
    "violations 4",
  ]);
  same((await told("timing", slacks(2))).numbers, [
    "setup_wns -3 ns (-4 better)",
    "setup_tns -4 ns (-6 better)",
    "violations 2 (2)",
  ]);
});

Deno.test("summarize() reads hostile names as names", async () => {
  await withTables(async ({ db }, reader) => {
    const names = [
      `de"sign`,
      "select",
      "[[$x]] (now), v0",
      "k0 design",
      "größe 温度",
      "x'; drop table a; --",
    ];
    for (const name of names) {
      const schema = db(name);
      await db`create schema ${schema}`;
      await db`create table ${schema}.${schema} (${db(`design ${name}`)} text, run_ts date,
        ${db(`${name} wns(ns)`)} float8, at int, now int, k0 int, v0 int, part int, last int)`;
      await db`insert into ${schema}.${schema} values (${name}, '2026-01-01', -1), (${name}, '2026-01-02', -2)`;
      const { numbers } = await summaryOf(reader, name, "timing", name);
      same(numbers.map(({ group, value, before }) => ({ group, value, before })), [
        { group: name, value: -2, before: -1 },
      ]);
    }
  });
});

Deno.test("summarize() has at most 200 numbers, and those that got worse are among them", async () => {
  const { numbers } = await told(
    "qor",
    `create table t as select 'd' || n as design, date '2026-01-01' + d as run_ts, n * 1.0 as wns_ns,
        1 as area, case when n = 150 then -d else 0 end as hold_wns_ns
      from generate_series(1, 190) n, generate_series(0, 1) d`,
  );
  equal(numbers.length, 200);
  equal(numbers[1], "d150: hold_wns -1 ns (0 worse)");
});

Deno.test("keyNumber() subtracts without the noise of binary fractions", () => {
  const of = (value: number, before: number) =>
    keyNumber("area", null, { value, unit: null }, { value: before, unit: null }).change;
  same([of(-0.12, -0.05), of(0.3, 0.1), of(1e15, 1), of(2e-9, 1e-9), of(5, 5), of(0, -0)], [
    -0.07,
    0.2,
    999999999999999,
    1e-9,
    0,
    0,
  ]);
  ok(Object.is(of(5, 5), 0));
});

Deno.test("summarize() of any columns answers, with finite values of known names", async () => {
  let seed = 7;
  const random = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  const pick = <T>(list: T[]) => list[random(list.length)]!;
  const names =
    "run_ts,date,design,platform,variant,stage,corner,path_group,path_type,endpoint,iteration,rule,layer,count,slack,wns,tns_ns,hold_wns,violations,drc_errors,area,util,power_w,runtime,metric,value,unit,time_unit,run_id,git_commit,x"
      .split(",");
  const types =
    "text,float8,int,numeric,date,timestamptz,boolean,jsonb,int[],interval,varchar(9),real,uuid"
      .split(",");
  await withTables(async ({ db }, reader) => {
    await db.unsafe("create type mood as enum ('finish', 'N/A', '3')");
    let told = 0;
    for (let round = 0; round < 120; round++) {
      const columns = new Map(
        Array.from({ length: 1 + random(9) }, () => {
          const name = pick(names);
          const usual = /^(run_ts|date)$/.test(name)
            ? "date"
            : TEXTS.test(name)
            ? "text"
            : "float8";
          return [name, random(2) ? usual : pick([...types, "public.mood"])];
        }),
      );
      await db.unsafe("drop table if exists public.t");
      const list = [...columns].map(([name, type]) => `"${name}" ${type}`).join(", ");
      await db.unsafe(`create table public.t (${list})`);
      for (let row = 0; row < random(7); row++) {
        const values = [...columns.values()].map((type) => literal(type, random, pick));
        await db.unsafe(`insert into public.t values (${values.join(", ")})`);
      }
      const { numbers, why } = await summaryOf(
        reader,
        "t",
        pick(["timing", "qor", "drc"] as const),
      );
      for (const { value, before, change, better } of numbers) {
        ok(Number.isFinite(value), list);
        equal(before === null, change === null, list);
        if (change === null || change === 0) equal(better, null, list);
      }
      if (why !== null) match(why, / → .*, /);
      told += numbers.length;
    }
    ok(told > 50, `${told} numbers`);
  });
});

const TEXTS =
  /design|platform|variant|stage|corner|path_|endpoint|rule|layer|metric|unit|run_id|commit/;

function literal(type: string, random: (n: number) => number, pick: <T>(list: T[]) => T): string {
  const number = () => pick(["0", "-1.5", "3", "100", "null"]);
  if (random(8) === 0) return "null";
  if (type === "date" || type === "timestamptz") {
    return pick(["'2026-01-01'", "'2026-01-02'", "'infinity'", "'-infinity'", "'0044-03-15 BC'"]);
  }
  if (/float8|real|numeric/.test(type)) return pick([number(), "'NaN'", "'infinity'", "1e30"]);
  if (type === "int") return pick(["0", "1", "-7", "2147483647"]);
  const texts: Record<string, string[]> = {
    boolean: ["true", "false"],
    jsonb: [`'{"a": 1}'`],
    "int[]": ["'{1,2}'"],
    interval: ["'1 hour'", "'-3 days'"],
    uuid: ["'00000000-0000-0000-0000-000000000001'"],
    "public.mood": ["'finish'", "'N/A'"],
  };
  return pick(
    texts[type] ?? ["'wns'", "'1.5'", "'N/A'", "''", "'0:01:02'", "'hold'", "'area'", "'1ps'"],
  );
}

Deno.test("summarize() knows hold paths by each tool's word for them", async () => {
  for (const [late, early] of [["max", "MIN"], ["setup", "hold"], ["max_rise", "min_rise"]]) {
    const { numbers } = await told(
      "timing",
      `create table t (run_ts date, path_type text, slack_ns float8)`,
      `insert into t values ('2026-01-01', '${late}', 0.3), ('2026-01-01', '${early}', -0.2)`,
    );
    same(numbers, ["setup_wns 0.3 ns", "hold_wns -0.2 ns"]);
  }
});

Deno.test("ofNewRuns() leaves to a message the groups that have a new run, all where none has", () => {
  const of = (group: string) => ({
    ...keyNumber("area", group, { value: 1, unit: null }, undefined),
  });
  const numbers = [of("a"), of("b"), of("c")];
  const groups = (now: Record<string, string>, told: Record<string, string>) =>
    ofNewRuns(numbers, now, told).map(({ group }) => group);
  same(groups({ a: "2", b: "7", c: "1" }, { a: "1", b: "7" }), ["a", "c"]);
  same(groups({ a: "1", b: "7" }, { a: "1", b: "7", c: "1" }), ["c"], "a run without a name");
  same(groups({ a: "1", b: "7", c: "1" }, { a: "1", b: "7", c: "1" }), ["a", "b", "c"]);
});
