import { deepStrictEqual as same, ok, rejects, strictEqual as equal } from "node:assert";
import { type Browser, connectBrowser } from "../../src/external/browser/browser.ts";
import { after } from "../help/previews/browser.ts";
import { never } from "../help/time.ts";
import { taskLog } from "../../src/external/log/open.ts";

function browserHere(mostPages: number): Browser & AsyncDisposable {
  const browser = connectBrowser({ install: true, mostPages, log: taskLog() });
  return { ...browser, [Symbol.asyncDispose]: () => browser.close() };
}

const view = {
  width: 320,
  height: 200,
  headers: {},
  origin: "http://127.0.0.1:9",
  timeoutMs: 60_000,
};

/** The profiles of this process's browsers: one for each that runs. */
async function folders(): Promise<string[]> {
  const names = await Array.fromAsync(Deno.readDir("/tmp"), ({ name }) => name);
  return names.filter((name) => name.startsWith(`dashkeeper-browser-${Deno.pid}-`)).sort();
}

async function processes(): Promise<number[]> {
  const { stdout } = await new Deno.Command("pgrep", {
    args: ["-f", `dashkeeper-browser-${Deno.pid}-`],
  }).output();
  return new TextDecoder().decode(stdout).split("\n").filter(Boolean).map(Number);
}

Deno.test("withPage() starts a new browser after so many pages, and ends the old one with its last", async () => {
  await using browser = browserHere(3);
  const look = () => browser.withPage(view, never, folders);
  const [first] = await look();
  const release = Promise.withResolvers<void>();
  const long = browser.withPage(view, never, () => release.promise);
  await after(200);
  same(await look(), [first], "the third page is the last one of the first browser");
  const two = await look();
  equal(two.length, 2, "which goes on with the page that it still has");
  ok(two.includes(first!));
  release.resolve();
  await long;
  same(await folders(), two.filter((folder) => folder !== first));
  equal((await look()).length, 1);
});

Deno.test("a browser that does not answer costs one attempt: the next one starts it again", async () => {
  await using browser = browserHere(50);
  await browser.withPage(view, never, async () => {});
  for (const pid of await processes()) Deno.kill(pid, "SIGSTOP");
  const started = performance.now();
  await rejects(browser.withPage(view, never, async () => {}), {
    message: "The browser did not answer; the next try starts it again.",
    permanent: false,
  });
  ok(performance.now() - started < 14_000);
  equal(await browser.withPage(view, never, (page) => page.evaluate<number>("1 + 1")), 2);
});
