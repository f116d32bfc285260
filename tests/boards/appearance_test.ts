import {
  deepStrictEqual as same,
  notStrictEqual as differs,
  ok,
  strictEqual as equal,
} from "node:assert";
import type { Browser, Page } from "../../src/external/browser/browser.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { serveBoard } from "../help/boards/board_server.tsx";
import { boardOf, withTables } from "../help/boards/boards.ts";
import { openParsed } from "../help/boards/open_page.ts";
import { browserHere } from "../help/previews/browser.ts";
import { never } from "../help/time.ts";

type Here = { reader: Sql; browser: Browser };
type View = { theme?: "light" | "dark"; timezone?: string; header?: boolean };

/** A board's page under this address, in a browser that prefers `theme` and stands in `timezone`. */
async function look<T>(
  { reader, browser }: Here,
  [table, kind]: ["results" | "violations", "timing" | "drc"],
  query: string,
  { header = true, ...view }: View,
  see: (page: Page) => Promise<T>,
): Promise<T> {
  const { board } = await boardOf(reader, table, kind);
  await using site = serveBoard(reader, board, header);
  const size = { width: 1920, height: 1080, headers: {}, timeoutMs: 30_000 };
  return await browser.withPage({ ...size, ...view, origin: site.origin }, never, async (page) => {
    await openParsed(page, `${site.origin}/boards/1${query}`);
    await page.evaluate(`(async () => { while (!document.documentElement.dataset.ready)
      await new Promise((done) => setTimeout(done, 20)); })()`);
    return await see(page);
  });
}

async function withRuns(work: (here: Here) => Promise<void>) {
  await withTables(async ({ db }, reader) => {
    await db.unsafe(`
      create table public.results (run_ts timestamptz, design text, wns_ns float8);
      insert into public.results values ('2026-01-31 23:30Z', 'a', -1), ('2026-07-31 23:30Z', 'a', -2),
        ('2026-07-31 23:30Z', 'b', 3);
      create table public.violations as select timestamptz '2026-01-01Z' as run_ts, 'd' as design,
        'S.' || i % 4 as rule, 'M' || i % 3 as layer, i % 50 as x1_um, i % 40 as y1_um
        from (select i from generate_series(1, 2000) i where i % 4 <> 3 or i < 60) i`).simple();
    await using browser = browserHere();
    await work({ reader, browser });
  });
}

/** Every text of the page with its colour and what lies behind it, and the least contrast of them (WCAG 2). */
const CONTRASTS = `(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => parts(color).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0.05);
  const behind = (node) => {
    const { backgroundColor } = getComputedStyle(node);
    return parts(backgroundColor)[3] === 0 ? behind(node.parentElement) : backgroundColor;
  };
  const all = [...document.querySelectorAll("body *")].filter((node) =>
    !node.closest("script, noscript") &&
    [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim() !== ""));
  return all.map((node) => {
    const [ink, paper] = [getComputedStyle(node).color, behind(node)];
    const [least, most] = [light(ink), light(paper)].sort((a, b) => a - b);
    return { what: node.className + " " + node.textContent.slice(0, 20), ink, paper, contrast: most / least };
  });
})()`;
type Contrast = { what: string; ink: string; paper: string; contrast: number };

const PAPER = `getComputedStyle(document.querySelector(".panel")).backgroundColor`;
const LIGHT = "rgb(255, 255, 255)", DARK = "rgb(24, 27, 31)";

Deno.test("the board is as dark as its address says, else as the viewer's browser prefers", async () => {
  await withRuns(async (here) => {
    for (
      const [query, theme, wanted] of [
        ["", "light", LIGHT],
        ["", "dark", DARK],
        ["?theme=dark", "light", DARK],
        ["?theme=light", "dark", LIGHT],
        ["?theme=pink", "dark", DARK],
      ] as const
    ) {
      const seen = await look(
        here,
        ["results", "timing"],
        query,
        { theme },
        (page) =>
          page.evaluate(`[${PAPER}, getComputedStyle(document.documentElement).colorScheme]`),
      );
      same(seen, [wanted, wanted === DARK ? "dark" : "light"], `${query} ${theme}`);
    }
  });
});

Deno.test("in both themes every text of a board stands out, coloured cells and charts too", async () => {
  await withRuns(async (here) => {
    for (const theme of ["light", "dark"] as const) {
      for (const place of [["results", "timing"], ["violations", "drc"]] as const) {
        await look(here, [...place], `?theme=${theme}`, {}, async (page) => {
          const all = await page.evaluate<Contrast[]>(CONTRASTS);
          ok(all.length > 30, `${all.length} texts`);
          for (const { what, ink, paper, contrast } of all) {
            ok(contrast >= 4.5, `${theme} ${what}: ${ink} on ${paper} is ${contrast.toFixed(2)}`);
          }
          if (place[0] === "violations") {
            const papers = new Set(all.map(({ paper }) => paper));
            ok(papers.size >= 4, `no coloured cells: ${[...papers].join("; ")}`);
          }
          await drawsReadably(page, theme);
        });
      }
    }
  });
});

/** What a canvas writes and draws is no element: the colours that it is given are looked at. */
async function drawsReadably(page: Page, theme: string) {
  const colors = await page.evaluate<
    Record<"paper" | "ink" | "soft", string> & { series: string[] }
  >(
    `(async () => {
      const { INK, PAPER, SOFT, themed } = await import("/static/board/theme.js");
      const series = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"].map(themed);
      return { paper: PAPER, ink: INK, soft: SOFT, series };
    })()`,
  );
  for (const text of [colors.ink, colors.soft]) ok(contrast(text, colors.paper) >= 4.5, text);
  equal(new Set(colors.series).size, 6);
  if (theme === "light") return; // Okabe and Ito's own colours
  for (const line of colors.series) ok(contrast(line, colors.paper) >= 3, line);
}

function contrast(one: string, other: string): number {
  const light = (color: string) =>
    [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
      .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i]!, 0.05);
  return Math.max(light(one), light(other)) / Math.min(light(one), light(other));
}

/** What the page writes of times: the stat, its title, the table, days and zone, and the first chart's axis. */
const TIMES = `(() => {
  const texts = (selector) => [...document.querySelectorAll(selector)].map((node) => node.textContent);
  const newest = [...document.querySelectorAll(".panel")]
    .find((panel) => panel.querySelector("h2").textContent.startsWith("Newest ("));
  const table = [...document.querySelectorAll(".panel")].find((panel) => panel.querySelector("td"));
  const at = [...table.querySelectorAll("th")].findIndex((head) => head.textContent === "run_ts");
  const box = [...document.querySelectorAll(".chart")].find((box) =>
    echarts.getInstanceByDom(box).getOption().xAxis[0].type === "time");
  const axis = echarts.getInstanceByDom(box).getModel().getComponent("xAxis").axis;
  return {
    title: newest.querySelector("h2").textContent,
    stat: newest.querySelector(".value").textContent,
    cell: table.querySelector("tbody tr").cells[at].textContent,
    says: texts("#board-times, .board-zone"),
    axis: axis.scale.getExtent(),
    points: echarts.getInstanceByDom(box).getOption().series[0].data.map(([time]) => time),
  };
})()`;
type Times = {
  title: string;
  stat: string;
  cell: string;
  says: string[];
  axis: [number, number];
  points: number[];
};

Deno.test("the board writes all times in the zone of its address, UTC without one, and says which", async () => {
  await withRuns(async (here) => {
    const see = (query: string, view: View = {}) =>
      look(
        here,
        ["results", "timing"],
        query,
        { timezone: "Asia/Tokyo", ...view },
        (page) => page.evaluate<Times>(TIMES),
      );
    const utc = await see("");
    same([utc.title, utc.stat, utc.cell], ["Newest (UTC)", ...twice("2026-07-31 23:30")]);
    same(utc.says, ["2026-01-28 to 2026-08-04 · UTC"]);
    same(utc.points, [Date.parse("2026-01-31T23:30Z"), Date.parse("2026-07-31T23:30Z")]);
    for (const query of ["?timezone=utc", "?timezone=", "?timezone=Nowhere/Atlantis"]) {
      same(await see(query), utc, query);
    }
    // Hours ahead in January and in July: summer time counts.
    for (
      const [query, zone, text, winter, summer] of [
        ["Europe%2FBerlin", "Europe/Berlin", "2026-08-01 01:30", 1, 2],
        ["America%2FSt_Johns", "America/St_Johns", "2026-07-31 21:00", -3.5, -2.5],
        ["browser", "Asia/Tokyo", "2026-08-01 08:30", 9, 9],
      ] as const
    ) {
      const seen = await see(`?timezone=${query}`);
      same([seen.title, seen.stat, seen.cell], [`Newest (${zone})`, ...twice(text)]);
      ok(seen.says[0]!.endsWith(` · ${zone}`), seen.says.join());
      const hours = (i: 0 | 1) =>
        [seen.points, seen.axis].map((all, k) =>
          (all[i]! - (k === 0 ? utc.points : utc.axis)[i]!) / 3_600_000
        );
      same([hours(0), hours(1)], [twice(winter), twice(summer)], zone);
    }
    const captured = await see("?timezone=Europe/Berlin", { header: false });
    same(captured.says, ["Times in Europe/Berlin"]);
  });
});

const twice = <T>(one: T): [T, T] => [one, one];

Deno.test("the choices of a run are written in the board's zone, and asked for as they stand", async () => {
  await withRuns(async (here) => {
    const address = `?timezone=Europe/Berlin&var-run=2026-01-31T23:30:00.000000Z`;
    const [texts, stat] = await look(
      here,
      ["results", "timing"],
      address,
      {},
      (page) =>
        page.evaluate<[string[], string]>(`(async () => {
        const select = document.querySelector("select[name=run]");
        select.dispatchEvent(new Event("pointerenter"));
        while (select.options.length < 3) await new Promise((done) => setTimeout(done, 20));
        return [[...select.options].map(({ text }) => text), document.querySelector(".value").textContent];
      })()`),
    );
    same(texts.toSorted(), ["2026-02-01 00:30:00", "2026-08-01 01:30:00", "newest"]);
    differs(stat, "-2.000 ns");
    equal(stat, "-1.000 ns");
  });
});
