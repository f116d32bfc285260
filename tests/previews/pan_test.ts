import { deepStrictEqual as same, ok, strictEqual as equal } from "node:assert";
import { takePreview } from "../../src/previews/preview.ts";
import { browserHere, readGif, readPng, webpSize } from "../help/previews/browser.ts";
import { type PanelSpec, serveBoards } from "../help/previews/pages.ts";
import { never } from "../help/time.ts";

/** Twelve panels, one below the other, each of 2 rows (76 px with its gap) and of a colour of its own. */
const STACK: PanelSpec[] = Array.from({ length: 12 }, (_, i) => ({
  id: i + 1,
  does: "rows",
  at: i * 2,
  h: 2,
  colour: `#${(i * 20).toString(16).padStart(2, "0")}4080`,
}));
const colourOf = (panel: number) => STACK[panel - 1]!.colour!.slice(1);
/** Panel 12 ends at 16 + 24 × 38 - 8, and 16 px of padding follow. */
const WHOLE = 936;

for (const signs of ["old", "new"] as const) {
  Deno.test(`takePreview() pans a taller board from its top evenly to its end, on an ${signs} Grafana`, async () => {
    await using browser = browserHere();
    await using site = serveBoards({ tall: { signs, panels: STACK } });
    const { outcome, gif, png } = await takePreview(
      browser,
      site.options("tall", { frames: 5 }),
      never,
    );
    equal(outcome, "loaded");
    const frames = readGif(gif!);
    same(frames.map(({ delayMs }) => delayMs), [100, 100, 100, 100, 2000]);
    for (const [i, frame] of frames.entries()) {
      const top = Math.round((WHOLE - 240) * i / 4);
      for (const y of [0, 60, 120, 239]) {
        const row = Math.floor((top + y - 16) / 76), inside = top + y - 16 - row * 76;
        const wanted = row < 0 || row > 11 || inside >= 68 ? "ffffff" : colourOf(row + 1);
        equal(frame.at(400, y), wanted, `frame ${i + 1}, y ${y}`);
      }
    }
    const still = readPng(png!);
    same([still.width, still.height], [800, WHOLE]);
    same([still.at(400, 20), still.at(400, WHOLE - 20)], [colourOf(1), colourOf(12)]);
  });
}

Deno.test("takePreview() lays a narrow picture out at 769 pixels and scales it down", async () => {
  await using browser = browserHere();
  const extra = `<script>document.title = innerWidth;
    document.fonts.ready.then(() => fetch("/width/" + innerWidth))</script>`;
  await using site = serveBoards({ tall: { panels: STACK, extra } });
  const { gif, png, slack_gif, thumbnail } = await takePreview(
    browser,
    site.options("tall", { width: 321, height: 99 }),
    never,
  );
  const [first, last] = readGif(gif!);
  same([first!.width, first!.height, last!.delayMs], [321, 99, 2000]);
  const scale = 321 / 769;
  equal(first!.at(160, Math.round(40 * scale)), colourOf(1));
  equal(last!.at(160, 98 - Math.round(40 * scale)), colourOf(12));
  ok(site.seen.some(({ path }) => path === "/width/769"));
  const still = readPng(png!);
  same([still.width, Math.abs(still.height - WHOLE * scale) < 2, slack_gif], [321, true, null]);
  same(webpSize(thumbnail!), [400, 123]);
});

Deno.test("takePreview() makes the page taller where its board is than its JSON says", async () => {
  await using browser = browserHere();
  await using site = serveBoards({ tall: { panels: STACK } });
  const options = site.options("tall", { boardHeight: 300 });
  const { outcome, png } = await takePreview(browser, options, never);
  equal(outcome, "loaded", "what was below is mounted");
  equal(readPng(png!).height, WHOLE);
});

Deno.test("takePreview() asks the page for theme, time zone, no menus and no refresh; no scroll bars", async () => {
  await using browser = browserHere();
  const extra = `<div style="height:60px;width:700px;margin-top:170px;overflow:scroll"></div>
    <script>fetch("/saw/" + [matchMedia("(prefers-color-scheme: dark)").matches,
      Intl.DateTimeFormat().resolvedOptions().timeZone.replace("/", "-")])</script>`;
  await using site = serveBoards({ b: { panels: [], extra } });
  const dark = { theme: "dark", timezone: "Asia/Tokyo" } as const;
  const url = `${site.origin}/d/b/board?from=1&kiosk`;
  const { png } = await takePreview(browser, site.options("b", { ...dark, url }), never);
  const wanted = "?from=1&kiosk&theme=dark&refresh=&timezone=Asia%2FTokyo";
  equal(site.seen[0]!.search, wanted);
  ok(site.seen.some(({ path }) => path === "/saw/true,Asia-Tokyo"));
  const still = readPng(png!);
  for (const [x, y] of [[795, 100], [690, 200], [300, 228]] as const) {
    equal(still.at(x, y), "ffffff", `no scroll bar at ${x}, ${y}`);
  }
});

Deno.test("takePreview() makes a copy of at most 1,000 pixels and 2 MB, and says nothing of foreign pictures", async () => {
  await using browser = browserHere();
  await using other = serveBoards({});
  const noise =
    `<img src="${other.origin}/x.png"><canvas id=c width=1200 height=200></canvas><script>
    const c = document.getElementById("c").getContext("2d"), image = c.createImageData(1200, 200);
    let seed = 7;
    const draw = () => {
      for (let i = 0; i < image.data.length; i++) {
        image.data[i] = i % 4 === 3 ? 255 : (seed = seed * 16807 % 2147483647) & 255;
      }
      c.putImageData(image, 0, 0);
    };
    draw(); setInterval(draw, 150)</script>`;
  await using site = serveBoards({
    b: { panels: [{ id: 1, does: "rows", at: 6 }], extra: noise },
  });
  const size = { width: 1200, height: 240, frames: 14, delayMs: 200 };
  const taken = await takePreview(browser, site.options("b", size), never);
  equal(taken.outcome, "loaded");
  ok(taken.gif!.length > 2_000_000, `${taken.gif!.length} bytes`);
  ok(taken.slack_gif!.length < 2_000_000);
  const [film1] = readGif(taken.gif!), small = readGif(taken.slack_gif!);
  equal(film1!.width, 1200);
  equal(small.length, 14);
  const { width, height, at } = small[0]!;
  ok(width <= 1000 && width / height > 4.9, `${width}×${height}`);
  ok(/^(?:f[ef]){3}$/.test(at(Math.floor(width / 2), height - 2)), "white, to one part of 255");
  same(other.seen, []);
});
