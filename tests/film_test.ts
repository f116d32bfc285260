import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert";
import { film } from "../src/dashboards/film.ts";
import { judgeAnswer, maskSecrets, Readiness, Wire } from "../src/dashboards/readiness.ts";
import { ExternalError } from "../src/errors.ts";
import { type Browser, connectBrowser } from "../src/external/browser.ts";
import { decodeGif } from "./help/gif.ts";

const never = new AbortController().signal;
const frames = (n: number) => ({
  results: { A: { frames: [{ data: { values: [Array(n).fill(1)] } }] } },
});

/** A board whose panels ask by x-panel-id, as Grafana's do; `script` runs once they have been asked. */
function board(panels: number[], script = "") {
  return `<!doctype html><style>body { margin: 0; background: #fff }
    div { position: absolute; width: 100px; height: 100px; background: #c33 }</style>
    ${
    panels.map((id, i) =>
      `<div data-panelid=${id} data-state=loading style="left:${i * 120}px"></div>`
    )
  }
    <script>for (const el of document.querySelectorAll("[data-panelid]")) {
      const id = el.dataset.panelid;
      fetch("/query/" + id, { method: "POST", headers: { "x-panel-id": id }, body: "{}" })
        .then((answer) => answer.text()).catch(() => {})
        .then(() => { el.dataset.state = "done"; el.style.background = "#3c3" });
    }
    ${script}</script>`;
}

type Seen = { path: string; token: string | null };

/** A server of such boards; answers to /query/<id> are functions of the id. */
function serve(
  pages: Record<string, string>,
  answer: (id: string) => Response | Promise<Response>,
) {
  const seen: Seen[] = [];
  const held: (() => void)[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    seen.push({ path: pathname, token: request.headers.get("x-token") });
    if (pathname.startsWith("/query/")) return await answer(pathname.slice(7));
    const page = pages[pathname];
    if (page === undefined) return new Response("no such board", { status: 404 });
    return new Response(page, { headers: { "content-type": "text/html" } });
  });
  return {
    seen,
    origin: `http://127.0.0.1:${server.addr.port}`,
    /** A response that never comes, until the test is over. */
    hang: () => new Promise<Response>((done) => held.push(() => done(new Response()))),
    async [Symbol.asyncDispose]() {
      held.forEach((release) => release());
      await server.shutdown();
    },
  };
}

function browserHere(): Browser & AsyncDisposable {
  const browser = connectBrowser({ install: true, log: console.log });
  return { ...browser, [Symbol.asyncDispose]: () => browser.close() };
}

const small = {
  headers: { "x-token": "t1" },
  boardHeight: 300,
  width: 640,
  height: 240,
  frames: 3,
  delayMs: 100,
};
const after = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** The colour of one pixel, as "rrggbb". */
function pixel(pixels: Uint8Array, width: number, x: number, y: number): string {
  return [...pixels.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)]
    .map((value) => value.toString(16).padStart(2, "0")).join("");
}

Deno.test("film() waits for late panels, tells what each shows and films exactly the frames", async () => {
  await using browser = browserHere();
  await using site = serve({ "/b": board([1, 2, 3, 4]) }, async (id) => {
    if (id === "1") await after(700);
    if (id === "2") return Response.json(frames(0));
    if (id === "3") {
      const error = 'relation "x" does not exist on postgres://ada:hush@db/ada password=hush';
      return Response.json({ results: { A: { error } } }, { status: 400 });
    }
    return Response.json(frames(2));
  });
  const before = Date.now();
  const { gif, captured_at, panels } = await film(
    browser,
    { ...small, url: `${site.origin}/b`, panels: [1, 2, 3, 4], timeoutMs: 15_000 },
    never,
  );
  same(panels, [
    { id: 1, state: "loaded", message: null },
    { id: 2, state: "empty", message: null },
    {
      id: 3,
      state: "error",
      message: 'relation "x" does not exist on postgres://…@db/ada password=…',
    },
    { id: 4, state: "loaded", message: null },
  ]);
  ok(captured_at.getTime() - before >= 1100, "not before the late panel and five checks");
  const picture = decodeGif(gif);
  same([picture.width, picture.height, picture.loops], [640, 240, 0]);
  same(picture.frames.map(({ delayMs }) => delayMs), [100, 100, 100]);
  for (const { pixels } of picture.frames) {
    same([50, 170, 290, 410].map((x) => pixel(pixels, 640, x, 50)), Array(4).fill("33cc33"));
    equal(pixel(pixels, 640, 600, 200), "ffffff");
  }
  ok(site.seen.every(({ token }) => token === "t1"), "the header is on each request");
});

Deno.test("film() takes frame i at captured_at + i × delay", async () => {
  await using browser = browserHere();
  const ticking = `const start = Date.now(); setInterval(() => {
    document.body.style.background = Math.floor((Date.now() - window.start0) / 400) % 2 ? "#00f" : "#fff" }, 10);
    window.start0 = start;`;
  await using site = serve({ "/b": board([], ticking) }, () => Response.json({}));
  const options = { ...small, frames: 5, delayMs: 400, panels: [], timeoutMs: 10_000 };
  const { gif } = await film(browser, { ...options, url: `${site.origin}/b` }, never);
  const colours = decodeGif(gif).frames.map(({ pixels }) => pixel(pixels, 640, 600, 200));
  const other = colours[0] === "ffffff" ? "0000ff" : "ffffff";
  same(colours, [colours[0], other, colours[0], other, colours[0]]);
});

Deno.test("film() names the panel that never answers", async () => {
  await using browser = browserHere();
  await using site = serve(
    { "/b": board([1, 3]) },
    (id): Promise<Response> | Response => id === "3" ? site.hang() : Response.json(frames(1)),
  );
  await rejects(
    film(browser, { ...small, url: `${site.origin}/b`, panels: [1, 3], timeoutMs: 1500 }, never),
    new ExternalError("browser", "Panel 3 has not answered after 1.5 s.", false, {
      code: "timeout",
    }),
  );
});

Deno.test("film() waits for a panel that asks again: the last answer counts", async () => {
  await using browser = browserHere();
  const again =
    `setTimeout(() => fetch("/query/again", { method: "POST", headers: { "x-panel-id": "1" } }), 300)`;
  await using site = serve({ "/b": board([1], again) }, async (id) => {
    if (id === "1") return Response.json(frames(1));
    await after(800);
    return Response.json(frames(0));
  });
  const options = { ...small, url: `${site.origin}/b`, panels: [1], timeoutMs: 10_000 };
  same((await film(browser, options, never)).panels, [{ id: 1, state: "empty", message: null }]);
});

Deno.test("film() notices a page that is refused, gone or asks to sign in", async () => {
  await using browser = browserHere();
  await using site = serve(
    { "/login": "Sign in", "/js": "<script>location = '/login'</script>" },
    () => new Response(),
  );
  const redirecting = Deno.serve({ port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/moved") return Response.redirect(new URL("/login", request.url));
    if (pathname === "/away") return Response.redirect(`${site.origin}/login`);
    return new Response("", { status: Number(pathname.slice(1)) || 200 });
  });
  const here = `http://127.0.0.1:${redirecting.addr.port}`;
  for (
    const [url, code, permanent] of [
      [`${site.origin}/nothing`, "gone", true],
      [`${site.origin}/js`, "denied", true],
      [`${here}/401`, "denied", true],
      [`${here}/403`, "denied", true],
      [`${here}/moved`, "denied", true],
      [`${here}/away`, "denied", true],
      [`${here}/503`, undefined, false],
    ] as const
  ) {
    await rejects(
      film(browser, { ...small, url, panels: [1], timeoutMs: 5000 }, never),
      (error) => {
        ok(error instanceof ExternalError, String(error));
        same([url, error.more.code, error.permanent], [url, code, permanent]);
        return true;
      },
    );
  }
  await redirecting.shutdown();
  await rejects(film(browser, { ...small, url: here, panels: [], timeoutMs: 5000 }, never), {
    message: `The page at ${here} could not be opened (ERR_CONNECTION_REFUSED).`,
  });
});

Deno.test("film() ends at once when aborted and leaves no page", async () => {
  await using browser = browserHere();
  await using site = serve({ "/b": board([1]) }, (): Promise<Response> => site.hang());
  const stop = new AbortController();
  const running = film(
    browser,
    { ...small, url: `${site.origin}/b`, panels: [1], timeoutMs: 20_000 },
    stop.signal,
  );
  setTimeout(() => stop.abort(new Error("stopped by the test")), 800);
  const started = performance.now();
  await rejects(running, { message: "stopped by the test" });
  ok(performance.now() - started < 2000);
});

Deno.test("judgeAnswer() tells rows, no rows and errors, with the data source's own sentence", () => {
  const judge = (status: number, answer: unknown) => judgeAnswer(status, JSON.stringify(answer));
  equal(judge(200, frames(1)).state, "loaded");
  equal(judge(200, frames(0)).state, "empty");
  equal(judge(200, { results: { A: { frames: null }, B: {} } }).state, "empty");
  equal(
    judge(200, { results: { A: frames(0).results.A, B: frames(3).results.A } }).state,
    "loaded",
  );
  same(judge(200, { results: { A: { error: "no such table" }, B: frames(3).results.A } }), {
    state: "error",
    message: "no such table",
  });
  equal(judge(502, { message: "token=abc" }).message, "The query was answered with 502.");
  equal(judgeAnswer(200, "<html>").message, "The query's answer could not be read.");
  equal(judgeAnswer(200, undefined).state, "error");
});

Deno.test("maskSecrets() leaves no password, token or key", () => {
  equal(maskSecrets("postgres://ada:hush@db/x"), "postgres://…@db/x");
  equal(maskSecrets("sent Bearer abc.def to it"), "sent Bearer … to it");
  equal(maskSecrets('{"api_key": "abc def", "a": 1}'), '{"api_key": …, "a": 1}');
  equal(maskSecrets("column wns is missing"), "column wns is missing");
});

const sent = (id: string, panel: number) => ({
  what: "sent" as const,
  id,
  method: "POST",
  headers: { "x-panel-id": String(panel) },
  kind: "Fetch",
  opensDocument: false,
});

Deno.test("Wire lets the last query decide, and one taken back say nothing", () => {
  const wire = new Wire([1, 2]);
  const states = () => wire.verdicts().map(({ state }) => state);
  wire.note(sent("a", 1));
  wire.note({ what: "answered", id: "a", status: 200, isEventStream: false });
  equal(wire.note({ what: "ended", id: "a" }), true);
  equal(wire.isQuiet, false, "its body is not judged yet");
  wire.judge("a", JSON.stringify(frames(1)));
  equal(wire.isQuiet, true);
  same(states(), ["loaded", "waiting"]);
  wire.note(sent("b", 1));
  same(states(), ["waiting", "waiting"]);
  wire.note({ what: "failed", id: "b", isCancelled: true });
  same(states(), ["loaded", "waiting"]);
  wire.note(sent("c", 2));
  wire.note({ what: "failed", id: "c", isCancelled: false });
  same(states(), ["loaded", "error"]);
  wire.note({ ...sent("d", 0), kind: "EventSource" });
  equal(wire.isQuiet, true);
  wire.note({ ...sent("e", 0), kind: "Document", opensDocument: true });
  same([wire.isQuiet, ...states()], [false, "waiting", "waiting"]);
});

Deno.test("Readiness waits for five calm checks, and for a clock no longer than 2 s", () => {
  const wire = new Wire([]);
  const signs = { mounted: [], loading: 0, hash: "a", path: "/" };
  const first = new Readiness();
  const calm = [0, 100, 200, 300, 400].map((now) => first.check(wire, signs, now));
  same(calm, [false, false, false, false, true]);
  const loading = new Readiness();
  for (let now = 0; now < 9000; now += 100) {
    equal(loading.check(wire, { ...signs, loading: 1 }, now), false);
  }
  const unmounted = new Readiness();
  const missing = new Wire([4]);
  missing.note(sent("a", 4));
  missing.judge("a", JSON.stringify(frames(1)));
  equal([0, 1, 2, 3, 4, 5, 6].some((now) => unmounted.check(missing, signs, now)), false);
  const unasked = new Readiness();
  const mounted = { ...signs, mounted: [4] };
  equal([0, 1, 2, 3, 4, 5, 6].some((now) => unasked.check(new Wire([4]), mounted, now)), false);
  const clock = new Readiness();
  let now = 0;
  while (!clock.check(wire, { ...signs, hash: String(now) }, now)) now += 100;
  ok(now >= 2000 && now <= 2400, `after ${now} ms`);
});
