import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert";
import { takePreview } from "../../src/previews/preview.ts";
import { after, browserHere, readGif } from "../help/previews/browser.ts";
import { type BoardSpec, serveBoards } from "../help/previews/pages.ts";
import { never } from "../help/time.ts";

const GRAFANAS = ["old", "new"] as const;

for (const signs of GRAFANAS) {
  Deno.test(`takePreview() says what a dashboard shows, panel by panel, on a page of an ${signs} Grafana`, async () => {
    await using browser = browserHere();
    const boards: Record<string, BoardSpec> = {
      fine: {
        signs,
        panels: [{ id: 1, does: "rows", after: 100 }, { id: 2, does: "rows", after: 900 }, {
          id: 3,
          does: "text",
        }, { id: 4, does: "empty" }],
      },
      bare: { signs, panels: [{ id: 1, does: "empty" }, { id: 2, does: "text" }] },
      none: { signs, panels: [] },
      faulty: { signs, panels: [{ id: 1, does: "rows" }, { id: 7, does: "error" }] },
      missing: { signs, panels: [{ id: 1, does: "rows" }, { id: 2, does: "missing" }] },
    };
    await using site = serveBoards(boards);
    const shown = async (uid: string) => {
      const { outcome, sentence, panels } = await takePreview(browser, site.options(uid), never);
      return { outcome, sentence, states: panels.map(({ state }) => state).join(" ") };
    };
    same(await shown("fine"), {
      outcome: "loaded",
      sentence: null,
      states: "loaded loaded none empty",
    });
    same(await shown("bare"), { outcome: "empty", sentence: null, states: "empty none" });
    same(await shown("none"), { outcome: "empty", sentence: null, states: "" });
    same(await shown("faulty"), {
      outcome: "error",
      sentence:
        'Panel 7 (P7) shows an error: db query error: pq: column "x" does not exist, password=…',
      states: "loaded error",
    });
    const said = signs === "new"
      ? "Data source dk-ada was not found"
      : "It sent no query: its data source or library panel may be missing.";
    same(await shown("missing"), {
      outcome: "error",
      sentence: `Panel 2 (P2) shows an error: ${said}`,
      states: "loaded error",
    });
  });

  Deno.test(`takePreview() keeps the picture of what was not finished in time, on an ${signs} Grafana`, async () => {
    await using browser = browserHere();
    await using site = serveBoards({
      late: { signs, panels: [{ id: 1, does: "rows" }, { id: 3, does: "never" }] },
      spins: { signs, panels: [{ id: 1, does: "spins" }, { id: 2, does: "rows" }] },
      both: { signs, panels: [{ id: 1, does: "never" }, { id: 2, does: "error" }] },
    });
    const shot = async (uid: string, ...states: string[]) => {
      const taken = await takePreview(browser, site.options(uid, { timeoutMs: 2000 }), never);
      same(taken.panels.map(({ state }) => state), states);
      equal(readGif(taken.gif!).length, 2);
      ok(taken.png && taken.captured_at);
      return { outcome: taken.outcome, sentence: taken.sentence };
    };
    same(await shot("late", "loaded", "waiting"), {
      outcome: "timeout",
      sentence: "Panel 3 (P3) was not finished after 2 s.",
    });
    same(await shot("spins", "waiting", "loaded"), {
      outcome: "timeout",
      sentence: "Panel 1 (P1) was not finished after 2 s.",
    });
    equal((await shot("both", "waiting", "error")).outcome, "error", "before timeout");
  });
}

Deno.test("takePreview() records exactly the frames of the finished board, with the token on each request", async () => {
  await using browser = browserHere();
  await using site = serveBoards({
    b: { panels: [{ id: 1, does: "rows", after: 700 }, { id: 2, does: "rows" }] },
  });
  const before = Date.now();
  const { gif, captured_at, slack_gif } = await takePreview(browser, site.options("b"), never);
  ok(captured_at!.getTime() - before >= 1100, "not before the late panel and five checks");
  equal(slack_gif, null, "800 pixels fit a channel");
  const frames = readGif(gif!);
  same(frames.map(({ width, height, delayMs }) => [width, height, delayMs]), [
    [800, 240, 100],
    [800, 240, 100],
  ]);
  for (const frame of frames) {
    same([50, 150, 600].map((x) => frame.at(x, 90)), ["33cc33", "33cc33", "ffffff"]);
  }
  ok(site.seen.every(({ token }) => token === "Bearer glsa_t1"), "the header is on each request");
});

Deno.test("takePreview() takes frame i at captured_at + i × delay", async () => {
  await using browser = browserHere();
  const extra =
    `<script>const start = Date.now(); setInterval(() => document.body.style.background =
    Math.floor((Date.now() - start) / 400) % 2 ? "#00f" : "#fff", 10)</script>`;
  await using site = serveBoards({ b: { panels: [], extra } });
  const { gif } = await takePreview(browser, site.options("b", { frames: 5, delayMs: 400 }), never);
  const colours = readGif(gif!).map((frame) => frame.at(600, 200));
  const other = colours[0] === "ffffff" ? "0000ff" : "ffffff";
  same(colours, [colours[0], other, colours[0], other, colours[0]]);
});

Deno.test("takePreview() waits for a panel that asks again: the last answer counts", async () => {
  await using browser = browserHere();
  const extra = `<script>setTimeout(() => fetch("/api/ds/query", { method: "POST",
    headers: { "x-panel-id": "2", "x-dashboard-uid": "b" } }), 300)</script>`;
  await using site = serveBoards({
    b: { panels: [{ id: 1, does: "rows" }, { id: 2, does: "empty", after: 600 }], extra },
  });
  const { panels } = await takePreview(browser, site.options("b"), never);
  same(panels.map(({ state }) => state), ["loaded", "empty"]);
  equal(site.seen.filter(({ path }) => path === "/api/ds/query").length, 3);
});

Deno.test("takePreview() notices a page that is refused or asks to sign in, and one that is gone", async () => {
  await using browser = browserHere();
  await using other = serveBoards({});
  const to = (path: string) => `<script>location = "${path}"</script>`;
  await using site = serveBoards({
    js: { panels: [{ id: 1, does: "rows" }], extra: to("/login") },
    away: { panels: [{ id: 1, does: "rows" }], extra: to(`${other.origin}/idp`) },
    query: { panels: [{ id: 1, does: "unauthorized" }] },
    revoked: { panels: [{ id: 1, does: "revoked" }] },
  });
  const outcome = async (path: string) => {
    const url = `${site.origin}${path}`;
    const taken = await takePreview(browser, site.options("", { url, timeoutMs: 4000 }), never);
    equal(
      taken.gif ?? taken.slack_gif ?? taken.png ?? taken.captured_at,
      null,
      `${path}: ${taken.outcome}`,
    );
    return taken.outcome;
  };
  for (const path of ["/401", "/403", "/moved", "/revoked", "/d/js", "/d/away"]) {
    equal(await outcome(path), "denied", path);
  }
  for (const uid of ["query", "revoked"]) {
    equal((await takePreview(browser, site.options(uid), never)).outcome, "denied", uid);
  }
  for (const path of ["/404", "/d/unknown/board"]) {
    equal(await outcome(path), "gone", path);
  }
  same(other.seen, []);
});

Deno.test("takePreview() throws where no page came: that is no word about the dashboard", async () => {
  await using browser = browserHere();
  const site = serveBoards({});
  const { origin } = site;
  await rejects(takePreview(browser, site.options("", { url: `${origin}/503` }), never), {
    message: "The dashboard's page returned HTTP 503.",
    permanent: false,
  });
  const late = await takePreview(
    browser,
    site.options("", { url: `${origin}/hang`, timeoutMs: 500 }),
    never,
  );
  same([late.outcome, late.gif], ["timeout", null]);
  const options = site.options("x");
  await site[Symbol.asyncDispose]();
  await rejects(takePreview(browser, options, never), {
    message: `The page at ${origin} could not be opened (ERR_CONNECTION_REFUSED).`,
  });
});

Deno.test("takePreview() takes a hung page for late, and leaves the other pages alone", async () => {
  await using browser = browserHere();
  const extra = "<script>setTimeout(() => { for (;;); }, 600)</script>";
  await using site = serveBoards({
    hung: { panels: [{ id: 1, does: "never" }], extra },
    fine: { panels: [{ id: 1, does: "rows", after: 1500 }] },
  });
  const [hung, fine] = await Promise.all([
    takePreview(browser, site.options("hung", { timeoutMs: 2000 }), never),
    takePreview(browser, site.options("fine", { frames: 80 }), never),
  ]);
  equal(hung.outcome, "timeout");
  same([fine.outcome, readGif(fine.gif!).length], ["loaded", 80]);
});

Deno.test("takePreview() ends at once when aborted", async () => {
  await using browser = browserHere();
  await using site = serveBoards({ b: { panels: [{ id: 1, does: "never" }] } });
  const stop = new AbortController();
  const running = takePreview(browser, site.options("b"), stop.signal);
  running.catch(() => {});
  await after(800);
  stop.abort(new Error("stopped by the test"));
  const started = performance.now();
  await rejects(running, { message: "stopped by the test" });
  ok(performance.now() - started < 2000);
});
