import type { Reading } from "./metrics.ts";

const started = Date.now() / 1000 - performance.now() / 1000;

/** Memory, open files and age of this process. */
export async function readProcess(): Promise<Reading[]> {
  const files = await Array.fromAsync(Deno.readDir("/proc/self/fd")).catch(() => undefined);
  return [
    {
      name: "dashkeeper_process_resident_memory_bytes",
      help: "Resident memory of the service without its browser.",
      values: [[Deno.memoryUsage().rss]],
    },
    {
      name: "dashkeeper_process_open_fds",
      help: "Open file descriptors of the service.",
      values: files ? [[files.length]] : [],
    },
    {
      name: "dashkeeper_process_start_time_seconds",
      help: "When the service was started, in Unix time.",
      values: [[started]],
    },
  ];
}

export const DENO_VERSION = Deno.version.deno;
