import type { Log } from "./log/log.ts";

export type Pictures = { gif: Uint8Array; png: Uint8Array | null };

export type GifFolder = {
  write(dashboard_id: number, run: number, pictures: Pictures): Promise<void>;
  list(): Promise<PictureFile[]>;
  remove(file: PictureFile): Promise<void>;
};

export type PictureFile = { name: string; dashboard_id: number; run: number };

const NAME = /^dashboard-(\d{1,15})-run-(\d{1,9})\.(?:gif|png)(?:\.[\w-]+\.part)?$/;
const whyOf = (error: unknown) =>
  error instanceof Error ? "code" in error ? String(error.code) : error.name : "unknown";

/** Writes `<folder>/dashboard-<id>-run-<run>.gif` and `.png`, each whole or not at all. */
export function openGifFolder(folder: string, log: Log): GifFolder {
  const failed = (path: string, what: string, error: unknown, more = "") =>
    log.warn(`GIF_CAPTURE_DIR: a file cannot be ${what}${more}.`, { path, code: whyOf(error) });
  const write = async (path: string, bytes: Uint8Array) => {
    await writeWhole(folder, path, bytes)
      .catch((error) => failed(path, "written", error, "; the database keeps the picture"));
  };
  return {
    async write(dashboard_id, run, { gif, png }) {
      const path = `${folder}/dashboard-${dashboard_id}-run-${run}`;
      await write(`${path}.gif`, gif);
      if (png) await write(`${path}.png`, png);
    },
    async list() {
      const found: PictureFile[] = [];
      try {
        for await (const { name } of Deno.readDir(folder)) {
          const [, dashboard_id, run] = NAME.exec(name) ?? [];
          if (run) found.push({ name, dashboard_id: Number(dashboard_id), run: Number(run) });
        }
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return []; // made with the first picture
        failed(folder, "read", error);
      }
      return found;
    },
    async remove({ name }) {
      await Deno.remove(`${folder}/${name}`).catch((error) => {
        if (error instanceof Deno.errors.NotFound) return; // by another process
        failed(`${folder}/${name}`, "removed", error);
      });
    },
  };
}

async function writeWhole(folder: string, path: string, bytes: Uint8Array) {
  // A name of its own: two workers may write the same run, one of which has lost its claim.
  const part = `${path}.${crypto.randomUUID()}.part`;
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(part, bytes);
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}
