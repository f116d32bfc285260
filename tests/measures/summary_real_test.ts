import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import type { KeyNumber } from "../../src/measures/number.ts";
import { load, type Row, withTables } from "../help/boards/boards.ts";
import { summaryOf } from "../help/boards/summaries.ts";

/** The name of each number in the real results, and which way is good. */
const COLUMNS: [name: KeyNumber["name"], column: string, good: 1 | 0 | -1][] = [
  ["setup_wns", "finish__timing__setup__ws", 1],
  ["setup_tns", "finish__timing__setup__tns", 1],
  ["hold_wns", "finish__timing__hold__ws", 1],
  ["violations", "finish__timing__drv__setup_violation_count", -1],
  ["hold_violations", "finish__timing__drv__hold_violation_count", -1],
  ["drc_total", "detailedroute__route__drc_errors", -1],
  ["area", "finish__design__instance__area", -1],
  ["utilization", "finish__design__instance__utilization", 0],
  ["power", "finish__power__total", -1],
  ["cells", "finish__design__instance__count", 0],
  ["runtime", "total_time", -1],
];

function valueIn(row: Row | undefined, column: string): number | null {
  const text = row?.[column] ?? "";
  const clock = /^(\d+):(\d+):([\d.]+)$/.exec(text);
  if (clock) {
    const seconds = Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3]);
    return Number(seconds.toFixed(6));
  }
  return text === "" || !Number.isFinite(Number(text)) ? null : Number(text);
}

const unitIn = (row: Row, name: string) =>
  name === "runtime"
    ? "s"
    : /wns|tns/.test(name)
    ? row.run__flow__platform__time_units!.replace(/^1/, "") || null
    : null;

/** The numbers of a group's newest row against the row before, from the file alone. */
function expected(rows: Row[]) {
  const [newest, before] = rows.toSorted((a, b) => Date.parse(b.run_ts!) - Date.parse(a.run_ts!));
  return COLUMNS.flatMap(([name, column, good]) => {
    const value = valueIn(newest, column);
    const last = valueIn(before, column);
    if (value === null) return [];
    const unit = unitIn(newest!, name);
    const known = last !== null && unitIn(before!, name) === unit;
    return [{
      name,
      group: `${newest!.design} ${newest!.platform}`,
      value,
      unit,
      before: known ? last : null,
      better: !known || good === 0 || value === last ? null : value > last === (good === 1),
    }];
  });
}

function holds(numbers: KeyNumber[], rows: Row[]) {
  const told = numbers.map(({ name, group, value, unit, before, better }) => ({
    name,
    group,
    value,
    unit,
    before,
    better,
  }));
  same(told, expected(rows));
  ok(numbers.every(({ sure }) => sure));
  for (const { name, value, before, change } of numbers) {
    if (before === null) equal(change, null);
    else ok(Math.abs(change! - (value - before)) <= 1e-9 * Math.max(1, Math.abs(value)), name);
  }
}

const ofGroup = ({ platform, design }: Row) => `${design} ${platform}`;

Deno.test("summarize() tells the newest run of the real QoR history, each design to its run before", async () => {
  await withTables(async ({ db }, reader) => {
    const rows = await load(db, "qor_history");
    const { numbers, why } = await summaryOf(reader, "qor_history");
    equal(numbers.length, 200, "there is room for so many");
    const groups = [...Map.groupBy(numbers, ({ group }) => group)].slice(0, -1);
    ok(groups.length > 15, `${groups.length} groups`);
    for (const [group, own] of groups) holds(own, rows.filter((row) => ofGroup(row) === group));
    equal(numbers[0]!.better, false, "a design whose slack became worse comes first");
    match(why!, /^black_parrot nangate45: setup WNS .* ns, since [0-9a-f]{9}$/);
  });
});

Deno.test("summarize() tells each design of the real QoR history as its file does", async () => {
  await withTables(async ({ db }, reader) => {
    const rows = await load(db, "qor_history");
    const groups = Map.groupBy(rows, ofGroup);
    ok(groups.size > 30, `${groups.size} designs`);
    let [compared, unknown] = [0, 0];
    for (const own of groups.values()) {
      const { platform, design } = own[0]!;
      await db`drop table if exists public.one`;
      await db`create table public.one as select * from public.qor_history
        where platform = ${platform!} and design = ${design!}`;
      const { numbers } = await summaryOf(reader, "one");
      holds(numbers, own);
      compared += numbers.filter(({ before }) => before !== null).length;
      unknown += numbers.filter(({ before }) => before === null).length;
    }
    ok(compared > 100 && unknown > 0, `${compared} with a run before, ${unknown} without`);
  });
});

Deno.test("summarize() counts the last iteration of the real DRC results", async () => {
  await withTables(async ({ db }, reader) => {
    const rows = await load(db, "drc_iterations");
    const moments = new Set(rows.map(({ run_ts }) => Date.parse(run_ts!)));
    const cuts = [...moments].sort((a, b) => b - a).filter((_, i) => i % 40 === 0).slice(0, 6);
    for (const cut of cuts) {
      await db`delete from public.drc_iterations where run_ts > ${new Date(cut).toISOString()}`;
      const { numbers } = await summaryOf(reader, "drc_iterations", "drc");
      const until = rows.filter(({ run_ts }) => Date.parse(run_ts!) <= cut);
      const groups = Map.groupBy(until, ofGroup).entries().flatMap(([group, own]) => {
        const times = [...new Set(own.map(({ run_ts }) => Date.parse(run_ts!)))].sort((a, b) =>
          b - a
        );
        const end = (time: number | undefined) => {
          const run = own.filter(({ run_ts }) => Date.parse(run_ts!) === time);
          const last = run.toSorted((a, b) => Number(b.iteration) - Number(a.iteration))[0];
          return last ? Number(last.drc_errors) : null;
        };
        return [[group, end(times[0]), end(times[1])]];
      }).toArray();
      same(
        numbers.map(({ name, group, value, before }) => [name, group, value, before]).sort(),
        groups.map(([group, value, before]) => ["drc_total", group, value, before]).sort(),
      );
    }
  });
});
