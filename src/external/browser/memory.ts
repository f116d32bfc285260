const PAGE_BYTES = 4096;
/** The process groups of the browsers that this process has started. */
const groups = new Set<number>();

/** Counts a browser's memory until the returned function is called. */
export function watchMemory(group: number): () => void {
  groups.add(group);
  return () => void groups.delete(group);
}

/** The memory of all our browsers, pages that processes share counted once. Undefined: not on Linux. */
export async function browserBytes(): Promise<number | undefined> {
  if (groups.size === 0) return 0;
  let [own, shared] = [0, 0];
  try {
    for await (const { name } of Deno.readDir("/proc")) {
      if (!/^\d+$/.test(name) || !groups.has(await groupOf(name))) continue;
      const statm = await Deno.readTextFile(`/proc/${name}/statm`).catch(() => "0 0 0");
      const [, resident = 0, common = 0] = statm.split(" ").map(Number);
      own += resident - common;
      shared = Math.max(shared, common);
    }
  } catch {
    return undefined;
  }
  return (own + shared) * PAGE_BYTES;
}

/** The process group; 0 where the process has ended. */
async function groupOf(pid: string): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  // The program's name may hold blanks and parentheses.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2] ?? 0);
}
