/** The folder in which GIFs are kept as files, beside the database. */
export type GifFolder = {
  write(dashboard_id: number, run: number, gif: Uint8Array): Promise<void>;
};

/** GIFs go to `<folder>/dashboard-<id>-run-<run>.gif`, each in one piece. */
export function openGifFolder(folder: string, log: (line: string) => void): GifFolder {
  return {
    async write(dashboard_id, run, gif) {
      const path = `${folder}/dashboard-${dashboard_id}-run-${run}.gif`;
      try {
        await Deno.mkdir(folder, { recursive: true });
        await Deno.writeFile(`${path}.part`, gif);
        await Deno.rename(`${path}.part`, path);
      } catch (error) {
        const why = error instanceof Error ? error.name : "unknown";
        log(`GIF_CAPTURE_DIR: ${path} cannot be written (${why}); the database keeps the GIF`);
      }
    },
  };
}
