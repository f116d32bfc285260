import { ok, strictEqual as equal } from "node:assert";
import type { Kind } from "../../src/measures/facts.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { agree, lastOf } from "../help/boards/agreement.ts";
import { boardOf, load, withTables } from "../help/boards/boards.ts";
import { summaryOf } from "../help/boards/summaries.ts";

async function compared(reader: Sql, table_name: string, kind: Kind, schema_name: string) {
  const { numbers } = await summaryOf(reader, table_name, kind, schema_name);
  const { panels } = await boardOf(reader, table_name, kind, schema_name);
  return agree({ kind, schema_name, table_name }, numbers, panels);
}

Deno.test("board, row, message and page take the last of a run's stages", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(`create table public.t (run_at timestamptz, design text, stage text,
        setup_wns float8, setup_tns float8, area float8, drc_total int);
      insert into public.t values ('2026-01-01Z', 'a', 'finish', -1, -1, 1, 1),
        ('2026-01-02Z', 'a', 'floorplan', -0.8, -35, 900, 0),
        ('2026-01-02Z', 'a', 'cts', -0.2, -6, 1010, 7), ('2026-01-02Z', 'a', 'finish', 0.05, 0, 960, 0)`)
      .simple();
    const { panels } = await boardOf(reader, "t", "qor");
    const { numbers } = await summaryOf(reader, "t");
    for (
      const [name, title, value] of [
        ["setup_wns", "Setup WNS", 0.05],
        ["setup_tns", "Setup TNS", 0],
        ["area", "Area", 960],
        ["drc_total", "DRC violations", 0],
      ] as const
    ) {
      equal(numbers.find((number) => number.name === name)!.value, value);
      equal(lastOf(panels.get(title)!), value, title);
    }
    equal(await compared(reader, "t", "qor", "public"), 4);
    const { board } = await boardOf(reader, "t", "qor");
    const area = board.panels!.find(({ title }) => title === "Area")!;
    ok("fieldConfig" in area);
    equal(numbers.find(({ name }) => name === "area")!.unit, null);
    equal(area.fieldConfig!.defaults.unit, "none", "the table states no unit");
  });
});

Deno.test("board, row, message and page agree on the real results", async () => {
  await withTables(async ({ db }, reader) => {
    await load(db, "qor_history");
    await load(db, "drc_iterations");
    // As many designs as a row has numbers for.
    await db`delete from public.qor_history where platform <> 'nangate45'`;
    ok(await compared(reader, "qor_history", "qor", "public") >= 5);
    equal(await compared(reader, "drc_iterations", "drc", "public"), 1);
  });
});
