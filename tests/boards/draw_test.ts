import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import type { Dashboard } from "../../src/boards/compose.ts";
import type { Kind } from "../../src/measures/facts.ts";
import { heightOf } from "../../src/boards/layout.ts";
import { type Browser, connectBrowser } from "../../src/external/browser/browser.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { serveBoard } from "../help/boards/board_server.tsx";
import { boardOf, loadOfEachKind, withTables } from "../help/boards/boards.ts";
import { loadOdd } from "../help/boards/odd_tables.ts";
import { openParsed } from "../help/boards/open_page.ts";
import { never } from "../help/time.ts";
import { taskLog } from "../../src/external/log/open.ts";

type Shown = { title: string; state: string; said: string; drawn: boolean };

/** A panel has drawn when it has colour (axes and labels are grey), lines of a table or a number. */
const READ = `(async () => {
  while (!document.documentElement.dataset.ready) await new Promise((r) => setTimeout(r, 20));
  const colored = (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      const [red, green, blue, alpha] = data.subarray(i, i + 4);
      // The colour of what is hardly there is all rounding.
      if (alpha > 100 && Math.max(red, green, blue) - Math.min(red, green, blue) > 50) return true;
    }
    return false;
  };
  return [...document.querySelectorAll(".panel")].map((panel) => ({
    title: panel.querySelector("h2").textContent,
    state: panel.dataset.state,
    said: panel.querySelector(".message")?.textContent ?? "",
    drawn: [...panel.querySelectorAll("canvas")].some(colored) ||
      panel.querySelector(".stat .value, tbody tr, .gauges li") !== null,
  }));
})()`;

async function look(browser: Browser, reader: Sql, board: Dashboard): Promise<Shown[]> {
  await using server = serveBoard(reader, board);
  const view = { width: 1920, height: heightOf(board), headers: {}, timeoutMs: 60_000 };
  return await browser.withPage({ ...view, origin: server.origin }, never, async (page) => {
    await openParsed(page, `${server.origin}/boards/1`);
    return await page.evaluate<Shown[]>(READ);
  });
}

Deno.test("the built-in board draws each template on each table, no panel empty or in error", async () => {
  const browser = connectBrowser({ install: false, log: taskLog() });
  try {
    await withTables(async ({ db }, reader) => {
      const kinds = new Set<string>();
      for (const table of await loadOfEachKind(db)) {
        const shapes = new Set<string>();
        await Promise.all((["timing", "qor", "drc"] as Kind[]).map(async (kind) => {
          const { board, panels } = await boardOf(reader, table, kind);
          const shape = [...panels.keys()].join();
          if (shapes.has(shape)) return; // the kinds agree on this table
          shapes.add(shape);
          const shown = await look(browser, reader, board);
          equal(shown.length, board.panels!.length);
          for (const { title, state, said, drawn } of shown) {
            const numbers = Object.values(panels.get(title)!.columns).flat()
              .filter((value) => typeof value === "number");
            // A bar of 0 has no length.
            const nothing = numbers.every((value) => value === 0);
            const what = `${table} as ${kind}: ${title}: ${said}`;
            same([state, drawn || nothing], ["loaded", true], what);
          }
          for (const { type } of board.panels!) kinds.add(type!);
        }));
      }
      equal(kinds.size, 9, [...kinds].join());
    });
  } finally {
    await browser.close();
  }
});

Deno.test("the built-in board shows tables of any shape, and what was emptied, without an error", async () => {
  const browser = connectBrowser({ install: false, log: taskLog() });
  try {
    await withTables(async ({ db }, reader) => {
      for (const { schema, name, table } of await loadOdd(db)) {
        const { board } = await boardOf(reader, name, "timing", schema);
        const full = await look(browser, reader, board);
        for (const { title, state, said } of full) {
          ok(["loaded", "empty"].includes(state), `${name}: ${title}: ${state} ${said}`);
        }
        ok(full.some(({ state, drawn }) => state === "loaded" && drawn), `${name} shows nothing`);
        await db.unsafe(`delete from ${table}`);
        for (const { title, state, said } of await look(browser, reader, board)) {
          if (name !== "no_columns") equal(state, "empty", `${name}: ${title}: ${said}`);
        }
      }
    });
  } finally {
    await browser.close();
  }
});

Deno.test("the board's selects are the variables, and a choice is asked of every panel", async () => {
  const browser = connectBrowser({ install: false, log: taskLog() });
  try {
    await withTables(async ({ db }, reader) => {
      await db.unsafe(`create table public.t (run_ts timestamptz, design text, wns_ns float8);
        insert into public.t values ('2026-01-01Z', 'a', -1), ('2026-01-02Z', 'a', -2),
          ('2026-01-02Z', 'it''s "$b" \\', -3)`).simple();
      const { board } = await boardOf(reader, "t", "timing");
      await using server = serveBoard(reader, board, true);
      const view = { width: 1920, height: 1080, headers: {}, timeoutMs: 20_000 };
      const choose = (script: string) =>
        `(async () => {
        const idle = async () => { await new Promise((r) => setTimeout(r, 50));
          while (document.querySelector('[data-state="loading"]') || !document.documentElement.dataset.ready)
            await new Promise((r) => setTimeout(r, 20)); };
        const value = () => document.querySelector(".stat .value").textContent;
        const select = (name) => document.querySelector("select[name=" + name + "]");
        const choose = async (name, value) => { select(name).value = value;
          select(name).dispatchEvent(new Event("change")); await idle(); };
        const filled = async (name) => { select(name).dispatchEvent(new Event("pointerenter"));
          while (select(name).options.length < 2) await new Promise((r) => setTimeout(r, 20)); };
        await idle(); ${script} })()`;
      await browser.withPage({ ...view, origin: server.origin }, never, async (page) => {
        await openParsed(page, `${server.origin}/boards/1`);
        const seen = await page.evaluate<unknown[]>(choose(`
          await filled("design"); await filled("run");
          const seen = [[...select("design").options].map((o) => o.text),
            [...select("run").options].map((o) => o.text), value()];
          await choose("design", "a"); seen.push(value());
          await choose("run", select("run").options[2].value); seen.push(value());
          seen.push(new URL(location.href).searchParams.get("var-design"));
          return seen`));
        same(seen, [
          ["All", "a", `it's "$b" \\`],
          ["newest", "2026-01-02 00:00:00", "2026-01-01 00:00:00"],
          "-3.000 ns",
          "-2.000 ns",
          "-1.000 ns",
          "a",
        ]);
        const address = `?var-design=${encodeURIComponent(`it's "$b" \\`)}`;
        await openParsed(page, `${server.origin}/boards/1${address}`);
        equal(await page.evaluate(choose("return value()")), "-3.000 ns");
        const asked = server.asked.length;
        ok(asked >= 4 * board.panels!.length, `${asked} questions`);
      });
    });
  } finally {
    await browser.close();
  }
});
