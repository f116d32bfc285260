import { ok, strictEqual as equal } from "node:assert";
import { composeMessage } from "../../src/pipeline/notify/message.ts";
import type { Kind } from "../../src/measures/facts.ts";
import { quantity, shownNumber } from "../../src/measures/format.ts";
import type { KeyNumber } from "../../src/measures/number.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { boardOf, load, type Shown, withTables } from "../help/boards.ts";
import { fieldCases, loadCase } from "../help/field_cases.ts";
import { summaryOf } from "../help/summaries.ts";

/** The title of each number's stat on a board. */
const STATS: Record<string, RegExp> = {
  setup_wns: /^Setup WNS( ·|$)/,
  setup_tns: /^Setup TNS( ·|$)/,
  hold_wns: /^Hold WNS( ·|$)/,
  area: /^Area( ·|$)/,
  power: /^Power( ·|$)/,
  utilization: /^Utilization( ·|$)/,
  drc_total: /^DRC (errors|violations)( ·|$)/,
};

const lastOf = ({ columns }: Shown) => {
  const values = Object.entries(columns).filter(([name]) => name !== "time" && name !== "of");
  return values.at(-1)?.[1].at(-1) as number | null | undefined;
};

/** The stat's value is the row's: of several groups the one that it names, or their sum. */
function agrees(stat: Shown, own: KeyNumber[], what: string) {
  const value = lastOf(stat);
  if (stat.title.endsWith("total") && own.length > 20) return; // a row has not all of them
  const wanted = stat.title.endsWith("total")
    ? own.reduce((sum, number) => sum + number.value, 0)
    : own.find(({ value: one }) => Math.abs(one - value!) <= 1e-9 * Math.max(1, Math.abs(one)))
      ?.value;
  ok(
    wanted !== undefined && Math.abs(value! - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)),
    `${what}: board ${value}, row ${own.map(({ value }) => value)}`,
  );
}

/** Board, row, message and page of one table say the same; returns how many stats were compared. */
async function compared(reader: Sql, table: string, kind: Kind, schema: string): Promise<number> {
  const { numbers } = await summaryOf(reader, table, kind, schema);
  const { panels } = await boardOf(reader, table, kind, schema);
  let stats = 0;
  for (const [name, own] of Map.groupBy(numbers, ({ name }) => name)) {
    const stat = [...panels.values()].find(({ title, type }) =>
      type === "stat" && STATS[name]?.test(title)
    );
    if (stat) agrees(stat, own, `${table} ${name}`);
    if (stat) stats++;
  }
  const { blocks } = composeMessage({
    username: "ada",
    kind,
    schema_name: schema,
    table_name: table,
    run: 1,
    rows: null,
    rows_before: null,
    dashboard_url: "http://localhost/",
    image: null,
    numbers,
  });
  const said = JSON.stringify(blocks);
  for (const number of numbers.slice(0, 1)) {
    ok(said.includes(quantity(number.value, number.unit)), `${table} ${number.name}: ${said}`);
    equal(shownNumber(number).value, quantity(number.value, number.unit));
  }
  return stats;
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

Deno.test("board, row, message and page agree on every field case", async () => {
  let stats = 0;
  for (const [id, found] of await fieldCases()) {
    await withTables(async ({ db }, reader) => {
      for (const step of await loadCase(db, found)) await step();
      for (const table of found.tables) {
        stats += await compared(reader, table.table_name, found.db, table.schema_name)
          .catch((error) => {
            throw new Error(`${id}: ${error instanceof Error ? error.message : error}`);
          });
      }
    });
  }
  ok(stats > 60, `${stats} stats`);
});
