import { pause } from "../abort.ts";
import { dirname } from "node:path";
import process from "node:process";

const PREFIX = "dashkeeper-browser-";
const ours = new Set<string>();

/** A fresh profile folder. Removes those of killed processes, whose pid is in the name. */
export async function makeBrowserFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: `${PREFIX}${Deno.pid}-` });
  ours.add(folder);
  for await (const { name } of Deno.readDir(dirname(folder))) {
    const path = `${dirname(folder)}/${name}`;
    const pid = Number(name.match(`^${PREFIX}(\\d+)-`)?.[1]);
    // In a container every run has the same pid, so an unknown folder with ours is an older run's.
    const stale = pid === Deno.pid ? !ours.has(path) : pid > 0 && !isAlive(pid);
    if (stale) await Deno.remove(path, { recursive: true }).catch(() => {});
  }
  return folder;
}

/** Tries three times: a browser that is ending may still write to the folder. */
export async function removeBrowserFolder(folder: string) {
  for (let tries = 0; tries < 3; tries++) {
    try {
      await Deno.remove(folder, { recursive: true });
      break;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) break;
      await pause(100);
    }
  }
  ours.delete(folder);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}
