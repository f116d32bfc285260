/** Folders for data on its way, under one of this process's own. */
export type SpoolFolder = {
  /** A new, empty folder. */
  make(): Promise<string>;
  remove(folder: string): Promise<void>;
  close(): Promise<void>;
};

const LOCK = "in_use";

async function removeTree(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Removes the folders of processes that have ended: a lock ends with its process. */
async function removeOthers(parent: string, own: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    const path = `${parent}/${name}`;
    if (!isDirectory || path === own) continue;
    try {
      using lock = await Deno.open(`${path}/${LOCK}`, { write: true });
      if (await lock.tryLock(true)) await removeTree(path);
    } catch (error) {
      // It is being made, or another process removes it.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Makes this process's folder in `parent`, and removes what killed processes left there. */
export async function openSpoolFolder(parent: string): Promise<SpoolFolder> {
  const own = `${parent}/${crypto.randomUUID()}`;
  await Deno.mkdir(own, { recursive: true, mode: 0o700 });
  const lock = await Deno.open(`${own}/${LOCK}`, { write: true, create: true });
  await lock.lock(true);
  await removeOthers(parent, own);
  let made = 0;
  return {
    async make() {
      const folder = `${own}/${++made}`;
      await Deno.mkdir(folder);
      return folder;
    },
    remove: removeTree,
    async close() {
      lock.close();
      await removeTree(own);
    },
  };
}
