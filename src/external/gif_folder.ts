export type Pictures = { gif: Uint8Array; png: Uint8Array | null };

/** The folder in which the pictures are kept as files, beside the database. */
export type GifFolder = {
  write(dashboard_id: number, run: number, pictures: Pictures): Promise<void>;
};

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
      const why = error instanceof Error ? "code" in error ? error.code : error.name : "unknown";
      log(`GIF_CAPTURE_DIR: ${path} cannot be written (${why}); the database keeps the picture`);
    }
  }
  return {
    async write(dashboard_id, run, { gif, png }) {
      const path = `${folder}/dashboard-${dashboard_id}-run-${run}`;
      await put(`${path}.gif`, gif);
      if (png) await put(`${path}.png`, png);
    },
  };
}
