/** Runs the tests against its own database server: `deno task test [arguments of deno test] [files]`. */
import { dirname } from "node:path";
import { startEmbedded } from "../src/external/postgres/embedded.ts";
import { databaseUrl } from "../src/external/postgres/postgres.ts";
import { taskLog } from "../src/external/log/open.ts";

type Counts = { passed: number; failed: number };
type Pass = { files: string[]; parallel: boolean };

const say = (line: string) => console.error(line);
const SUMMARY = /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed\b/gm;

/** The counts in deno test's last line, if any. */
export function countsIn(output: string): Counts | undefined {
  // deno-lint-ignore no-control-regex
  const last = [...output.replace(/\x1b\[[0-9;]*m/g, "").matchAll(SUMMARY)].at(-1);
  return last && { passed: Number(last[1]), failed: Number(last[2]) };
}

async function makeSureOfBrowser(signal: AbortSignal) {
  try {
    const { ensureBrowser } = await import("../src/external/browser/install.ts");
    const path = Deno.env.get("BROWSER_PATH");
    const install = Deno.env.get("BROWSER_INSTALL") !== "no";
    await ensureBrowser({ path, install, log: taskLog(), signal });
  } catch (error) {
    say(
      `No browser, the tests that need one will fail: ${error instanceof Error && error.message}`,
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (name === "node_modules") continue;
    if (isDirectory) yield* filesIn(`${folder}/${name}`);
    else yield `${folder}/${name}`;
  }
}

const ALONE = /_alone_test\.ts$/;
/** Long files start first, so that the run does not wait for one at its end. */
const LONG = /^tests\/(?:whole|external\/postgres|workspaces|measures\/field|boards\/draw)/;

/** …_alone_test.ts inspect their whole process, so each runs in its own. */
async function passes(args: string[]): Promise<Pass[]> {
  const named = [];
  for (const arg of args) if (await isThere(arg)) named.push(arg);
  const files = [];
  for (const path of named.length > 0 ? named : ["tests"]) {
    if (!(await Deno.stat(path)).isDirectory) files.push(path);
    else for await (const file of filesIn(path)) files.push(file);
  }
  const isLong = (file: string) => LONG.test(file) ? 0 : 1;
  const tests = files.filter((file) => /_test\.tsx?$/.test(file)).sort()
    .sort((a, b) => isLong(a) - isLong(b));
  return [
    { files: tests.filter((file) => !ALONE.test(file)), parallel: true },
    { files: tests.filter((file) => ALONE.test(file)), parallel: false },
  ].filter(({ files }) => files.length > 0);
}

/** Tests have their own config, so that a first start does not download their dependencies. */
const CONFIG = ["--config", "tests/deno.json", "--lock", "tests/deno.lock"];

/** Returns the output and exit code of deno test. */
async function runTests(
  args: string[],
  parallel: boolean,
  url: string,
  show: (part: Uint8Array) => void,
  signal: AbortSignal,
) {
  // `deno task ok` checks the types, once for all.
  const flags = [
    "--no-check",
    "--no-prompt",
    "--allow-all",
    "--sanitize-ops",
    "--sanitize-resources",
  ];
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", ...CONFIG, ...flags, ...(parallel ? ["--parallel"] : []), ...args],
    env: {
      TEST_DATABASE_URL: url,
      // Tests mostly wait for servers: three files at a time suit two cores.
      DENO_JOBS: "3",
      ...(Deno.stdout.isTerminal() ? { FORCE_COLOR: "1" } : {}),
    },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const end = () => child.kill("SIGTERM");
  signal.addEventListener("abort", end, { once: true });
  let output = "";
  const decoder = new TextDecoder();
  for await (const part of child.stdout) {
    show(part);
    output += decoder.decode(part, { stream: true });
  }
  signal.removeEventListener("abort", end); // its output has ended, so has it
  const { code } = await child.status;
  return { code, output };
}

/** Runs all passes at once; later output is buffered. */
async function runPasses(all: Pass[], options: string[], url: string, signal: AbortSignal) {
  const held: Uint8Array[] = [];
  const show = (part: Uint8Array) => void Deno.stdout.writeSync(part);
  const hold = (part: Uint8Array) => void held.push(part);
  const runs = await Promise.all(
    all.map(({ files, parallel }, i) =>
      runTests([...options, ...files], parallel, url, i === 0 ? show : hold, signal)
    ),
  );
  held.forEach(show);
  return runs;
}

/** The exit code is deno test's, and not 0 when nothing ran. */
async function main(args: string[], signal: AbortSignal): Promise<Counts & { code: number }> {
  const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-test-" });
  try {
    const browser = makeSureOfBrowser(signal);
    const server = await startEmbedded({ dataDir, log: taskLog(), fsync: false, signal });
    try {
      await browser;
      signal.throwIfAborted();
      const url = databaseUrl({ ...server, database: "postgres" });
      const all = { passed: 0, failed: 0, code: 0 };
      const options = [];
      for (const arg of args) if (!await isThere(arg)) options.push(arg);
      for (const { code, output } of await runPasses(await passes(args), options, url, signal)) {
        const counts = countsIn(output);
        if (!counts) say("No summary was printed: the tests did not come to their end.");
        all.passed += counts?.passed ?? 0;
        all.failed += counts?.failed ?? 0;
        all.code ||= code || (counts ? 0 : 1);
      }
      const ran = all.passed + all.failed > 0;
      if (!ran) say("No test ran.");
      return { ...all, code: all.code || (ran && all.failed === 0 ? 0 : 1) };
    } finally {
      await server.stop();
    }
  } finally {
    await removeData(dataDir);
  }
}

async function removeData(dataDir: string) {
  const cluster = await Deno.realPath(`${dataDir}/postgres`).catch(() => "");
  // The cluster of another OS user may be in its own folder.
  if (cluster && !cluster.startsWith(await Deno.realPath(dataDir))) {
    await Deno.remove(dirname(cluster), { recursive: true });
  }
  await Deno.remove(dataDir, { recursive: true });
}

if (import.meta.main) {
  const stopped = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(name, () => stopped.abort());
  }
  const result = await main(Deno.args, stopped.signal).catch((error) => {
    say(stopped.signal.aborted ? "Stopped." : String(error?.message ?? error));
    return { passed: 0, failed: 0, code: stopped.signal.aborted ? 130 : 1 };
  });
  console.log(`${result.passed} passed, ${result.failed} failed`);
  Deno.exit(result.code);
}
