import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert";
import { ExternalError } from "../../src/errors.ts";
import { type Browser, connectBrowser, type Page } from "../../src/external/browser/browser.ts";
import { ensureBrowser, findBrowser } from "../../src/external/browser/install.ts";
import { SILENT } from "../../src/external/log/log.ts";
import { taskLog } from "../../src/external/log/open.ts";

const never = new AbortController().signal;
const quiet = { install: true, log: SILENT };

function browserHere(): Browser & AsyncDisposable {
  const browser = connectBrowser({ ...quiet, log: taskLog() });
  return { ...browser, [Symbol.asyncDispose]: () => browser.close() };
}

/** A server that notes what reached it. */
function serve(page: (path: string) => string = () => "") {
  const seen: { path: string; token: string | null; cookie: string | null }[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    ({ url, headers }) => {
      const path = new URL(url).pathname;
      seen.push({ path, token: headers.get("x-token"), cookie: headers.get("cookie") });
      return new Response(page(path), {
        headers: { "content-type": "text/html", "set-cookie": "a=1" },
      });
    },
  );
  return {
    seen,
    origin: `http://127.0.0.1:${server.addr.port}`,
    port: server.addr.port,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const view = (origin: string) => ({
  width: 320,
  height: 200,
  headers: { "x-token": "t1" },
  origin,
  timeoutMs: 10_000,
});
const after = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Processes whose command line names a profile of this process's browsers. */
async function processes(pid = Deno.pid): Promise<number[]> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-f", `dashkeeper-browser-${pid}-`] })
    .output();
  return new TextDecoder().decode(stdout).split("\n").filter(Boolean).map(Number);
}

async function folders(pid = Deno.pid): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir("/tmp"), ({ name }) => name);
  return names.filter((name) => name.startsWith(`dashkeeper-browser-${pid}-`));
}

Deno.test("ensureBrowser() says what is wrong with BROWSER_PATH", async () => {
  for (const path of ["/nowhere/chrome", "/etc/passwd", "/tmp"]) {
    await rejects(
      ensureBrowser({ ...quiet, path }),
      new ExternalError(
        "browser",
        `BROWSER_PATH is ${path}, which is no program that can be run here.`,
        true,
        {
          code: "browser_path",
        },
      ),
    );
  }
  equal(await ensureBrowser({ ...quiet, path: "/bin/true" }), "/bin/true");
});

Deno.test("findBrowser() finds what ensureBrowser() uses", async () => {
  const path = await ensureBrowser({ ...quiet, log: taskLog() });
  equal(await findBrowser(), path);
});

Deno.test("withPage() reaches its own origin alone, with the header there", async () => {
  await using browser = browserHere();
  await using other = serve();
  await using site = serve((path) =>
    path !== "/"
      ? ""
      : `<link rel=preconnect href="http://localhost:${other.port}"><title>board</title>
      <img src="${other.origin}/image.png"><img src="http://localhost:${other.port}/image.png">
      <iframe src="${other.origin}/frame"></iframe><img src="/own.png">
      <script>fetch("${other.origin}/fetch", { mode: "no-cors" }).catch(() => {});
        new WebSocket("ws://127.0.0.1:${other.port}/socket");
        navigator.sendBeacon("${other.origin}/beacon", "x");
        open("${other.origin}/popup");
        const source = "fetch('${other.origin}/worker', { mode: 'no-cors' })";
        new Worker(URL.createObjectURL(new Blob([source])));
        navigator.serviceWorker?.register("/sw.js").catch(() => {});
        alert("nobody closes this"); document.title += " done"</script>`
  );
  const title = await browser.withPage(view(site.origin), never, async (page) => {
    same(await page.open(`${site.origin}/`), { status: 200, url: `${site.origin}/`, text: "" });
    await after(500);
    return await page.evaluate<string>("document.title");
  });
  equal(title, "board done");
  same(other.seen, []);
  same(site.seen.map(({ path, token }) => [path, token]), [["/", "t1"], ["/own.png", "t1"]]);
});

Deno.test("withPage() gives each call a context of its own, four at a time", async () => {
  await using browser = browserHere();
  await using site = serve();
  const look = (page: Page) => page.open(`${site.origin}/`);
  await Promise.all([1, 2, 3, 4].map(() => browser.withPage(view(site.origin), never, look)));
  same(site.seen.map(({ cookie }) => cookie), [null, null, null, null]);
  equal((await folders()).length, 1, "one browser for all");
});

Deno.test("withPage() tells the network, reads bodies, takes a screenshot", async () => {
  await using browser = browserHere();
  await using site = serve((path) =>
    path === "/"
      ? `<script>fetch("/q", { method: "POST", headers: { "X-Panel-Id": "7" } })</script>`
      : "äb"
  );
  await browser.withPage(view(site.origin), never, async (page) => {
    const ended = Promise.withResolvers<string>();
    const queries: string[] = [];
    page.listen((event) => {
      if (event.what === "sent" && event.headers["x-panel-id"] === "7") queries.push(event.id);
      if (event.what === "ended" && queries.includes(event.id)) ended.resolve(event.id);
    });
    await page.open(`${site.origin}/`);
    equal(await page.body(await ended.promise), "äb");
    const png = await page.screenshot({ top: 50, width: 320, height: 100 });
    const size = new DataView(png.buffer);
    same([size.getUint32(16), size.getUint32(20)], [320, 100]);
  });
});

Deno.test("a killed browser costs one attempt: the next one starts it again", async () => {
  await using browser = browserHere();
  await using site = serve();
  const crashed = browser.withPage(view(site.origin), never, async (page) => {
    await page.open(`${site.origin}/`);
    for (const pid of await processes()) Deno.kill(pid, "SIGKILL");
    await page.evaluate("new Promise(() => {})");
  });
  await rejects(crashed, (error) => {
    ok(error instanceof ExternalError);
    same([error.system, error.permanent, error.more.code], ["browser", false, "crashed"]);
    return true;
  });
  equal(
    (await browser.withPage(view(site.origin), never, (page) => page.open(site.origin))).status,
    200,
  );
});

Deno.test("withPage() ends at its time limit and at the signal, whatever the page does", async () => {
  await using browser = browserHere();
  await using site = serve((path) => path === "/busy" ? "<script>for (;;);</script>" : "");
  const busy = async (page: Page) => {
    await page.open(`${site.origin}/busy`);
    await page.evaluate("1");
  };
  await rejects(browser.withPage({ ...view(site.origin), timeoutMs: 700 }, never, busy), {
    message: "The page was not done after 0.7 s.",
  });
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 300);
  await rejects(browser.withPage(view(site.origin), stop.signal, busy), { message: "enough" });
  await rejects(browser.withPage(view(site.origin), stop.signal, busy), { message: "enough" });
});

Deno.test("close() ends a page at work, the browser and its folder within 3 s", async () => {
  const browser = connectBrowser(quiet);
  await using site = serve();
  const working = browser.withPage(view(site.origin), never, async (page) => {
    await page.open(`${site.origin}/`);
    await page.evaluate("new Promise(() => {})");
  });
  working.catch(() => {});
  await after(1000);
  ok((await processes()).length > 0);
  const started = performance.now();
  await browser.close();
  ok(performance.now() - started < 3000);
  await rejects(working, { message: "Dashkeeper is stopping." });
  same([await processes(), await folders()], [[], []]);
});

Deno.test("a killed process leaves no browser, and its folder goes with the next start", async () => {
  const program = `import { connectBrowser } from "./src/external/browser/browser.ts";
    import { SILENT } from "./src/external/log/log.ts";
    const browser = connectBrowser({ install: false, log: SILENT });
    const view = { width: 9, height: 9, headers: {}, origin: "http://127.0.0.1:9", timeoutMs: 60000 };
    await browser.withPage(view, new AbortController().signal, async (page) => {
      console.log("open");
      await page.evaluate("new Promise(() => {})");
    });`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", program],
    cwd: new URL("../..", import.meta.url),
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  equal(new TextDecoder().decode((await output.read()).value), "open\n");
  await output.cancel();
  ok((await processes(child.pid)).length > 0);
  child.kill("SIGKILL");
  await child.status;
  for (let i = 0; i < 30 && (await processes(child.pid)).length > 0; i++) await after(100);
  same(await processes(child.pid), []);
  equal((await folders(child.pid)).length, 1);
  await using browser = browserHere();
  await browser.withPage(view("http://127.0.0.1:9"), never, async () => {});
  same(await folders(child.pid), []);
});

Deno.test("withPage() says that there is no browser, to be tried again", async () => {
  const browser = connectBrowser({ ...quiet, path: "/nowhere/chrome" });
  await rejects(browser.withPage(view("http://127.0.0.1:9"), never, async () => {}), (error) => {
    ok(error instanceof ExternalError);
    same([error.permanent, error.message], [false, browser.state().message]);
    return true;
  });
  equal(browser.state().state, "missing");
  await browser.close();
  const unstartable = connectBrowser({ ...quiet, path: "/bin/true" });
  await rejects(unstartable.withPage(view("http://127.0.0.1:9"), never, async () => {}), {
    message: "/bin/true could not be started.",
    permanent: false,
  });
  await unstartable.close();
  await after(1000); // the driver notices the end of /bin/true a moment after it gave it up
});

Deno.test("connectBrowser() uses the browser at BROWSER_URL and leaves it running", async () => {
  const folder = await Deno.makeTempDir();
  const elsewhere = new Deno.Command(await ensureBrowser(quiet), {
    args: ["--headless", "--no-sandbox", "--remote-debugging-port=0", `--user-data-dir=${folder}`],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const decoder = new TextDecoder();
  const said = elsewhere.stderr.getReader();
  let text = "";
  while (!/ws:\/\/\S+/.test(text)) text += decoder.decode((await said.read()).value);
  await said.cancel();
  const url = text.match(/ws:\/\/\S+/)![0];
  await using site = serve();
  for (const address of [url, new URL(url).origin.replace("ws:", "http:")]) {
    const browser = connectBrowser({ install: false, url: address, log: SILENT });
    await browser.withPage(view(site.origin), never, (page) => page.open(`${site.origin}/`));
    equal(browser.state().state, "ready");
    await browser.close();
  }
  equal(site.seen.length, 2, "the second found it still running");
  // What its path starts may be a script: the browser itself has the folder in its command line.
  const { stdout } = await new Deno.Command("pgrep", { args: ["-f", folder] }).output();
  for (const pid of decoder.decode(stdout).split("\n").filter(Boolean)) {
    Deno.kill(Number(pid), "SIGKILL");
  }
  await elsewhere.status;
  const gone = connectBrowser({ install: false, url, log: SILENT });
  await rejects(gone.withPage(view(site.origin), never, async () => {}), { permanent: false });
  equal(gone.state().state, "missing");
  await gone.close();
  await Deno.remove(folder, { recursive: true });
});
