import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Bytes. */
export type Space = { free: number; size: number };

/** The space of the file system that holds `path`, which need not exist yet. Undefined: it cannot be read. */
export async function spaceAt(path: string): Promise<Space | undefined> {
  for (let at = resolve(path);; at = dirname(at)) {
    try {
      const { bsize, bavail, blocks } = await statfs(at);
      return { free: bavail * bsize, size: blocks * bsize };
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT" || at === dirname(at)) return undefined;
    }
  }
}

/** The error code of a write into a folder that is there; undefined: it takes files, or is not made yet. */
export async function refusesFiles(folder: string): Promise<string | undefined> {
  const path = `${folder}/.dashkeeper-${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(path, "x".repeat(4096), { createNew: true });
    await Deno.remove(path);
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    if (error instanceof Deno.errors.NotFound) return undefined;
    return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  }
}
