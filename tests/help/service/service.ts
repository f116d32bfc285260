import { fail, match, strictEqual as equal } from "node:assert/strict";
import { dirname } from "node:path";
import { startEmbedded } from "../../../src/external/postgres/embedded.ts";
import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { opened } from "../world/postgres.ts";
import type { TestSlack } from "../slack.ts";
import { SILENT } from "../../../src/external/log/log.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** What a program needs of its machine; nothing else of our environment reaches the service. */
function machine(): Record<string, string> {
  const names = ["PATH", "HOME", "DENO_DIR"];
  const { env } = Deno;
  return Object.fromEntries(names.flatMap((name) => env.has(name) ? [[name, env.get(name)!]] : []));
}

/** Short times and small pictures, for tests that are not about these. */
export const QUICK = {
  SCAN_SECONDS: "1",
  SETTLE_SECONDS: "2",
  UPDATE_MIN_SECONDS: "1",
  CAPTURE_WIDTH: "640",
  CAPTURE_HEIGHT: "360",
  CAPTURE_FRAMES: "2",
  CAPTURE_FRAME_DELAY: "100",
};

/** The environment by which a service tells this Slack. */
export function tells({ token, channel, apiUrl }: TestSlack): Record<string, string> {
  return { SLACK_BOT_TOKEN: token, SLACK_CHANNEL_ID: channel, SLACK_API_URL: apiUrl };
}

// deno-lint-ignore no-explicit-any
export type Answer = { status: number; headers: Headers; body: any; bytes: Uint8Array };
export type Service = Awaited<ReturnType<typeof startProcess>>;
export type Home = Awaited<ReturnType<typeof makeHome>>;

/** A data folder, and the services that are started on it; all of it is gone at the end. */
export async function makeHome() {
  const parent = await Deno.makeTempDir({ prefix: "dashkeeper-whole-" });
  const dataDir = `${parent}/data`;
  const PORT = freePort();
  const services: Service[] = [];
  const folder = () => Deno.realPath(`${dataDir}/postgres`).catch(() => "");
  return {
    dataDir,
    PORT,
    /** Resolves when the service says where it is. */
    async start(env: Record<string, string> = {}, how: How = {}): Promise<Service> {
      const service = await startProcess({ PORT, DATA_DIR: dataDir, ...env }, how);
      services.push(service);
      await service.up();
      return service;
    },
    /** Starts it, and sends SIGTERM as soon as one of these programs works on the data folder. */
    async stopAt(programs: RegExp, env: Record<string, string>): Promise<{ code: number }> {
      const service = await startProcess({ PORT, DATA_DIR: dataDir, ...env });
      services.push(service);
      const works = ({ command }: { command: string }) =>
        programs.test(command) && command.includes(parent);
      await waitFor(String(programs), async () => (await processes()).some(works));
      return await service.kill("SIGTERM");
    },
    /** Resolves when it has ended by itself. */
    async tryToStart(env: Record<string, string>): Promise<{ code: number; log: string }> {
      const service = await startProcess({ PORT, DATA_DIR: dataDir, ...env });
      services.push(service);
      const { code } = await service.ended(20);
      return { code, log: service.log() };
    },
    /** Resolves at once: it may still wait for its database. */
    async launch(env: Record<string, string>): Promise<Service> {
      const service = await startProcess({ PORT, DATA_DIR: dataDir, ...env });
      services.push(service);
      return service;
    },
    /** Programs that work on this data folder. */
    async programs(): Promise<string[]> {
      return (await processes()).map(({ command }) => command).filter((c) => c.includes(parent));
    },
    /** The servers of this data folder that run, one number each. */
    async postmasters(): Promise<number[]> {
      const path = await folder();
      return (await processes()).filter(({ command }) =>
        path !== "" && command.includes(`/postgres -D ${path} `)
      ).map(({ pid }) => pid);
    },
    /** The service's own database, as its superuser. */
    async openMaster(): Promise<Sql & AsyncDisposable> {
      const { port, password } = JSON.parse(await Deno.readTextFile(`${dataDir}/postgres.json`));
      const address = { host: "127.0.0.1", port, user: "dashkeeper", password };
      return opened({ ...address, database: "dashkeeper" }, 4);
    },
    async [Symbol.asyncDispose]() {
      for (const service of services) await service.end();
      const cluster = await folder();
      if (cluster) await (await startEmbedded({ dataDir, log: SILENT })).stop();
      if (cluster && !cluster.startsWith(await Deno.realPath(parent))) {
        await Deno.remove(dirname(cluster), { recursive: true });
      }
      await Deno.remove(parent, { recursive: true });
    },
  };
}

/** The flags of the task `start`, as deno.json has them. */
async function startCommand(preload?: URL): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const [, run, ...args] = tasks.start.split(" ");
  return [run, ...(preload ? [`--preload=${preload.pathname}`] : []), ...args];
}

/** `task`: by `deno task`; `preload`: a file to load before the service's own; `root`: its clone. */
type How = { task?: boolean; preload?: URL; root?: string };

async function startProcess(
  given: Record<string, string>,
  { task, preload, root = ROOT }: How = {},
) {
  const port = Number(given.PORT);
  const child = new Deno.Command(Deno.execPath(), {
    args: task ? ["task", "start"] : await startCommand(preload),
    cwd: root,
    clearEnv: true,
    env: { ...machine(), HOST: "127.0.0.1", LOG_FILE: `${given.DATA_DIR}-logs/app.log`, ...given },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  const read = Promise.all([child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) log += text;
  }));
  let status: Deno.CommandStatus | undefined;
  const over = Promise.all([child.status, read]).then(([ended]) => status = ended);
  const url = `http://127.0.0.1:${port}`;

  async function ended(seconds: number): Promise<{ code: number; seconds: number }> {
    const started = performance.now();
    await waitFor(`the service's end; its log:\n${log}`, () => status, seconds);
    await over;
    return { code: status!.code, seconds: (performance.now() - started) / 1000 };
  }
  return {
    pid: child.pid,
    port,
    url,
    /** What it has written so far. */
    log: () => log,
    async up() {
      await waitFor("the service's start", () => {
        if (status) fail(`The service ended with ${status.code}:\n${log}`);
        return log.includes("Dashkeeper is at ");
      }, 60).catch((error) => fail(`${error.message}\n${log}`));
    },
    ended,
    /** Sends a signal; resolves with the exit code, and how long it took. */
    async kill(signal: "SIGTERM" | "SIGINT" | "SIGKILL" | "SIGUSR2", seconds = 12) {
      child.kill(signal);
      return await ended(seconds);
    },
    async end() {
      if (!status) child.kill("SIGTERM");
      await ended(12).catch(() => child.kill("SIGKILL"));
      await over;
    },
    /** The processes of its browser. */
    browsers: () => browsersOf(child.pid),
    /** One call; a `key` is sent as an API client sends it, a `cookie` as a browser does. */
    async call(method: string, path: string, more: Call = {}): Promise<Answer> {
      return await call(method, `${url}${path}`, more);
    },
  };
}

type Call = { key?: string; cookie?: string; json?: unknown; form?: Record<string, string> };

/** The token and the cookie of a page's form. */
async function formOf(url: string, cookie: string | undefined) {
  const page = new URL(cookie ? "/templates" : "/sign-in", url);
  const { headers, body } = await call("GET", page.href, cookie ? { cookie } : {});
  const form_token = /name="form_token" value="([^"]+)"/.exec(body)?.[1] ?? "";
  return { form_token, cookie: cookie ?? headers.getSetCookie()[0]?.split(";")[0] };
}

async function call(method: string, url: string, { key, json, ...browser }: Call): Promise<Answer> {
  const own = browser.form && await formOf(url, browser.cookie);
  const form = own && { ...browser.form, form_token: own.form_token };
  const cookie = own?.cookie ?? browser.cookie;
  const response = await fetch(url, {
    method,
    headers: {
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...(cookie ? { cookie } : {}),
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...(form ? { origin: new URL(url).origin } : {}),
    },
    body: json === undefined ? form && new URLSearchParams(form) : JSON.stringify(json),
    redirect: "manual",
    signal: AbortSignal.timeout(30_000),
  });
  const { status, headers } = response;
  const bytes = await response.bytes();
  const isJson = headers.get("content-type")?.startsWith("application/json");
  const text = new TextDecoder().decode(bytes);
  return { status, headers, bytes, body: isJson ? JSON.parse(text) : text };
}

/** Runs a task to its end. */
export async function runTask(name: string, args: string[], env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", name, ...args],
    cwd: ROOT,
    clearEnv: true,
    env: { ...machine(), ...env },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, log: text.decode(stdout) + text.decode(stderr) };
}

/** The key that the very first start prints, once. */
export function keyIn(log: string): string {
  const keys = log.match(/\bdk_[\w-]+/g) ?? [];
  equal(keys.length, 1, log);
  match(log, /The admin's API key, shown this once:\n\n {4}dk_/);
  return keys[0]!;
}

/** A user's id and key. */
export async function addUser(service: Service, key: string, username: string) {
  const made = await service.call("POST", "/api/v1/users", { key, json: { username } });
  equal(made.status, 201, JSON.stringify(made.body));
  const { id, api_key } = made.body as { id: number; api_key: string };
  return { id, api_key };
}

/** The URL by which a user's flow opens its database. */
export async function urlOf(
  service: Service,
  key: string,
  id: number,
  kind: "TIMING" | "QOR" | "DRC",
): Promise<string> {
  const path = `/api/v1/users/${id}/credentials/${kind}_DATABASE_URL`;
  const { status, body } = await service.call("GET", path, { key });
  equal(status, 200);
  return body.key_value;
}

/** Signs in as a browser does; resolves with the cookie. */
export async function signIn(service: Service, key: string): Promise<string> {
  const { status, headers } = await service.call("POST", "/sign-in", { form: { api_key: key } });
  equal(status, 303);
  return headers.get("set-cookie")!.split(";")[0]!;
}

export function freePort(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return String(listener.addr.port);
}

/** Asks again and again; resolves with the first answer that says something. */
export async function waitFor<T>(
  what: string,
  ask: () => T | Promise<T>,
  seconds = 30,
): Promise<NonNullable<T>> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > end) fail(`After ${seconds} s still no sign of ${what}.`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Processes whose command line names a profile of the browsers of process `pid`. */
export async function browsersOf(pid: number): Promise<number[]> {
  return (await processes()).filter(({ command }) => command.includes(`dashkeeper-browser-${pid}-`))
    .map(({ pid }) => pid);
}

async function processes(): Promise<{ pid: number; command: string }[]> {
  const all: { pid: number; command: string }[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    all.push({ pid: Number(name), command: line.replaceAll("\0", " ") });
  }
  return all;
}
