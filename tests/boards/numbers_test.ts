import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { boardOf, load, type Row, withTables } from "../help/boards/boards.ts";

const named = (row: Row) => `${row.platform} ${row.design}`;

Deno.test("newestRows() shows each number's change to the same design's run before", async () => {
  await withTables(async ({ db }, reader) => {
    const rows = await load(db, "qor_history");
    const { panels } = await boardOf(reader, "qor_history", "qor");
    const table = panels.get("Newest result of each design")!.columns;
    const value = (row: Row | undefined) =>
      row?.finish__design__instance__area ? Number(row.finish__design__instance__area) : null;
    const runs = Map.groupBy(rows, named);
    let compared = 0;
    for (const [i, design] of table.design!.entries()) {
      const own = runs.get(`${table.platform![i]} ${design}`)!
        .toSorted((a, b) => Date.parse(a.run_ts!) - Date.parse(b.run_ts!));
      const [now, before] = [value(own.at(-1)), value(own.at(-2))];
      const shown = table["Δ Area"]![i] as number | null;
      if (now === null || !before) equal(shown, null, `${design}`);
      else {
        ok(Math.abs(shown! - 100 * (now - before) / before) < 1e-6, `${design}: ${shown}`);
        compared++;
      }
    }
    ok(compared > 30, `${compared} compared`);
  });
});

Deno.test("statePanel() tells of each run whether its slack was good", async () => {
  await withTables(async ({ db }, reader) => {
    await load(db, "qor_history");
    const { panels } = await boardOf(reader, "qor_history", "qor");
    const { time, ...states } = panels.get("Setup WNS: met or violated")!.columns;
    const { time: times, ...slacks } = panels.get("Setup WNS by design")!.columns;
    same(time, times);
    for (const [name, values] of Object.entries(slacks)) {
      const wanted = values.map((slack) => slack === null ? null : Number(slack as number >= 0));
      same(states[name], wanted, name);
    }
    ok(Object.values(states).flat().includes(0) && Object.values(states).flat().includes(1));
  });
});

const MADE = `
  create table public.violations (run_ts timestamptz, design text, rule text, layer text,
    x1_um int, y1_um int, x2_um int, y2_um int);
  insert into public.violations values
    ('2026-01-01Z', 'a', 'S', 'm9', 0, 0, 9, 9),
    ('2026-01-02Z', 'a', 'S', 'm2', 1, 2, 3, 4), ('2026-01-02Z', 'a', 'S', 'm10', 5, 6, 7, 8),
    ('2026-01-02Z', 'a', 'W', 'm2', 9, 9, 9, 9), ('2026-01-02Z', 'b', 'W', 'Total', 50, 50, 50, 50)`;

Deno.test("pivotPanel() counts rule by layer in the newest run; diePanel() shows one design's middles", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(MADE).simple();
    const { panels } = await boardOf(reader, "violations", "drc");
    same(panels.get("DRC violations by rule and layer")!.columns, {
      rule: ["S", "W"],
      Total: [2, 2],
      m2: [1, 1],
      m9: [null, null],
      m10: [1, null],
      "Total ": [null, 1],
    });
    const { x, y, design } = panels.get("Die map of violations")!.columns;
    same(x!.map((value, i) => [value, y![i]]).sort(), [[2, 3], [6, 7], [9, 9]]);
    same(new Set(design), new Set(["a"]));
  });
});

Deno.test("spreadPanel() parts the newest run's setup slacks at 0, and leaves hold slacks out", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(
      `create table public.paths as select timestamptz '2026-01-01Z' + i / 20 * interval
      '1 day' as run_ts, (i % 20 - 5) / 10.0 as slack_ns, case when i % 4 = 0 then 'min' else 'max' end
      as path_type from generate_series(0, 59) i`,
    );
    const { panels } = await boardOf(reader, "paths", "timing");
    const { violated, met } = panels.get("Spread of slack")!.columns;
    const all = Array.from({ length: 20 }, (_, i) => i).filter((i) => i % 4 > 0)
      .map((i) => (i - 5) / 10);
    const there = (values: unknown[]) => values.filter((value) => value !== null).sort();
    same(there(violated!), all.filter((slack) => slack < 0).sort());
    same(there(met!), all.filter((slack) => slack >= 0).sort());
    const course = panels.get("Spread of slack over runs")!.columns;
    equal(course.time!.length, 45);
  });
});

Deno.test("trend() of more runs than points is cut into spans that lose no extreme", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(`create table public.dense as select timestamptz '2026-01-01Z' + i * interval
      '1 minute' as run_ts, case when i = 4321 then -7.5 else i % 10 / 10.0 end as wns_ns
      from generate_series(0, 9999) i`);
    const { board, panels } = await boardOf(reader, "dense", "timing");
    const { time, "Setup WNS": wns } = panels.get("Setup WNS over runs")!.columns;
    ok(time!.length > 400 && time!.length <= 502, `${time!.length} points`);
    equal(Math.min(...wns as number[]), -7.5);
    same(panels.get("Setup WNS")!.columns["Setup WNS"], [0.9], "the newest run's own number");
    const panel = board.panels!.find(({ title }) => title === "Setup WNS over runs")!;
    ok("description" in panel && /lowest over 20 minutes/.test(panel.description!));
  });
});
