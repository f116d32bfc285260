export type Pictures = { gif: Uint8Array; png: Uint8Array | null };

/** The folder in which the pictures are kept as files, beside the database. */
export type GifFolder = {
  write(dashboard_id: number, run: number, pictures: Pictures): Promise<void>;
  list(): Promise<PictureFile[]>;
  remove(file: PictureFile): Promise<void>;
};

export type PictureFile = { name: string; dashboard_id: number; run: number };

const NAME = /^dashboard-(\d{1,15})-run-(\d{1,9})\.(?:gif|png)(?:\.[\w-]+\.part)?$/;
const whyOf = (error: unknown) =>
  error instanceof Error ? "code" in error ? error.code : error.name : "unknown";

/** They go to `<folder>/dashboard-<id>-run-<run>.gif` and `.png`, each in one piece. */
export function openGifFolder(folder: string, log: (line: string) => void): GifFolder {
  async function put(path: string, bytes: Uint8Array) {
    // A name of its own: two may write the same run, one of which has lost its claim.
    const part = `${path}.${crypto.randomUUID()}.part`;
    try {
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeFile(part, bytes);
      await Deno.rename(part, path);
    } catch (error) {
      await Deno.remove(part).catch(() => {});
      log(
        `GIF_CAPTURE_DIR: ${path} cannot be written (${
          whyOf(error)
        }); the database keeps the picture`,
      );
    }
  }
  return {
    async write(dashboard_id, run, { gif, png }) {
      const path = `${folder}/dashboard-${dashboard_id}-run-${run}`;
      await put(`${path}.gif`, gif);
      if (png) await put(`${path}.png`, png);
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
        log(`GIF_CAPTURE_DIR: ${folder} cannot be read (${whyOf(error)})`);
      }
      return found;
    },
    async remove({ name }) {
      await Deno.remove(`${folder}/${name}`).catch((error) => {
        if (error instanceof Deno.errors.NotFound) return; // by another process
        log(`GIF_CAPTURE_DIR: ${folder}/${name} cannot be removed (${whyOf(error)})`);
      });
    },
  };
}
