import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert";
import { runPanel, runVariable } from "../../src/boards/query.ts";
import { fillVariables } from "../../src/boards/variables.ts";
import { boardOf, load, type Shown, withTables } from "../help/boards/boards.ts";
import { never } from "../help/time.ts";
import type { Dashboard } from "../../src/boards/compose.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";

const ibex = "sky130hd ibex";

/** What a panel answers to these choices, by column. */
async function ask(reader: Sql, board: Dashboard, title: string, chosen: Record<string, string>) {
  const { id } = (board.panels as unknown as (Shown & { id: number })[])
    .find((panel) => panel.title === title)!;
  const { body } = await runPanel(reader, board, id, never, chosen);
  const [frame] = body.results.A!.frames ?? [];
  const names = frame?.schema.fields.map(({ name }) => name) ?? [];
  return Object.fromEntries(names.map((name, i) => [name, frame!.data.values[i]!]));
}

Deno.test("runPanel() shows the chosen design as of the chosen run", async () => {
  await withTables(async ({ db }, reader) => {
    const rows = await load(db, "qor_history");
    const { board } = await boardOf(reader, "qor_history", "qor");
    const own = rows.filter((row) => `${row.platform} ${row.design}` === ibex && row.run_ts)
      .toSorted((a, b) => Date.parse(a.run_ts!) - Date.parse(b.run_ts!));
    const area = (row: typeof own[0]) => Number(row.finish__design__instance__area);
    const title = "Area · largest";
    same(await ask(reader, board, title, { design: ibex }), {
      of: [ibex],
      Area: [area(own.at(-1)!)],
    });
    const third = own.at(-3)!;
    const run = new Date(third.run_ts!).toISOString();
    same(await ask(reader, board, title, { design: ibex, run }), {
      of: [ibex],
      Area: [area(third)],
    });
    const table = await ask(reader, board, "Newest result of each design", { design: ibex, run });
    same(table.design, ["ibex"]);
    same(table.run_ts, [Date.parse(third.run_ts!)]);
    const { time, ...series } = await ask(reader, board, "Area by design", { design: "asap7 aes" });
    same(Object.keys(series), ["asap7 aes"], "a design that is not among the six has its line too");
    ok(time!.length > 5);
  });
});

Deno.test("runPanel() without choices shows what the board shows by itself", async () => {
  await withTables(async ({ db }, reader) => {
    await load(db, "qor_history");
    const { board, panels } = await boardOf(reader, "qor_history", "qor");
    for (const chosen of [{}, { design: "$__all", run: "newest" }, { unknown: "x" }]) {
      same(
        await ask(reader, board, "Area · largest", chosen as Record<string, string>),
        panels.get("Area · largest")!.columns,
      );
    }
  });
});

Deno.test("fillVariables() writes any text as one constant", async () => {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(`create table public.t (run_ts timestamptz, design text, wns_ns float8)`);
    const hostile = [
      "'; drop table public.t; --",
      "\\'; select 1; --",
      "\\",
      "$__timeFilter(run_ts)",
      "${run:sqlstring}",
      "$1 $& $' $`",
      "'') OR true --",
      "é 温度 [[x]]",
    ];
    for (const [i, design] of hostile.entries()) {
      await db`insert into public.t values (${new Date(
        Date.UTC(2026, 0, 1 + i),
      )}, ${design}, ${-1 - i})`;
    }
    const { board } = await boardOf(reader, "t", "timing");
    for (const [i, design] of hostile.entries()) {
      const { of, "Setup WNS": wns } = await ask(reader, board, "Setup WNS · worst", { design });
      same([of, wns], [[design], [-1 - i]], design);
    }
    same(await ask(reader, board, "Setup WNS · worst", { design: "nobody" }), {});
    equal(fillVariables("${other:sqlstring}", board, { other: "x" }), "${other:sqlstring}");
    await rejects(runPanel(reader, board, 1, never, { run: "no time" }), {
      code: "query_refused",
      status: 400,
      message: "The query has a value that does not fit its type.",
    });
  });
});

Deno.test("runVariable() lists designs and runs, the newest run first, and no variable of another name", async () => {
  await withTables(async ({ db }, reader) => {
    const rows = await load(db, "qor_history");
    const { board } = await boardOf(reader, "qor_history", "qor");
    const values = async (name: string) => {
      const { body } = await runVariable(reader, board, name, never);
      return body.results.A!.frames![0]!.data.values;
    };
    const designs = new Set(rows.map((row) => `${row.platform} ${row.design}`));
    same(new Set((await values("design"))[0]), designs);
    const [texts, times] = await values("run");
    equal(texts![0], "newest");
    equal(times![0], "newest");
    const last = Math.max(...rows.map(({ run_ts }) => Date.parse(run_ts!)));
    equal(Date.parse(times![1] as string), last);
    const unknown = { code: "variable_unknown", status: 404 };
    await rejects(runVariable(reader, board, "toString", never), unknown);
    const { board: single } = await boardOf(reader, "qor_history", "qor");
    single.templating = {};
    await rejects(runVariable(reader, single, "design", never), unknown);
  });
});
