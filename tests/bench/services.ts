import type { Load, Outcome } from "./load.ts";

/** More clients than a service has connections to PostgreSQL (20). */
const CONNECTIONS = 50;

const ROOT = new URL("../../", import.meta.url).pathname;
export const here = (name: string) => new URL(name, import.meta.url).pathname;

export type Calls = Load["calls"];
export type Service = { port: number; cpuMs(): Promise<number>; stop(): Promise<void> };
export type Pace = Pick<Load, "seconds" | "rate">;

/** The least, the median and the most. */
export function sorted(figures: number[]): [number, number, number] {
  const all = figures.toSorted((a, b) => a - b);
  return [all[0]!, all[all.length >> 1]!, all.at(-1)!];
}

export async function load(
  { port }: Service,
  calls: Calls,
  pace: Pace,
): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-net", here("load.ts")],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const given: Load = { port, calls, connections: CONNECTIONS, ...pace };
  await new Blob([JSON.stringify(given)]).stream().pipeTo(child.stdin);
  const { success, stdout } = await child.output();
  if (!success) throw new Error("the load failed: see above");
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The service as `deno task start` runs it; `more`: further options of `deno run`. */
export function startOurs(env: Record<string, string>, more: string[] = []): Promise<Service> {
  const args = ["run", "--no-prompt", "--allow-all", ...more, "main.ts"];
  return start(Deno.execPath(), args, env, "listening");
}

/** Starts a service on a free port; resolves when it prints `sign`. */
export async function start(
  command: string,
  args: string[],
  given: Record<string, string>,
  sign: string,
): Promise<Service> {
  const port = freePort();
  const env = { ...given, PORT: `${port}`, HOST: "127.0.0.1" };
  const child = new Deno.Command(command, { args, env, cwd: ROOT, stdout: "piped" }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  let said = "";
  for await (const text of lines.values({ preventCancel: true })) {
    said += text;
    if (said.includes(sign)) break;
  }
  if (!said.includes(sign)) throw new Error(`${args.at(-1)} does not start:\n${said}`);
  const rest = lines.pipeTo(new WritableStream());
  return {
    port,
    /** What it has taken of the processors so far: says more than requests/s on a busy machine. */
    async cpuMs() {
      const stat = await Deno.readTextFile(`/proc/${child.pid}/stat`);
      const [user, system] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(12, 14).map(Number);
      return (user! + system!) * 10; // in ticks of 10 ms
    },
    async stop() {
      child.kill("SIGTERM");
      await Promise.all([child.status, rest]);
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
