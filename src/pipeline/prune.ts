import type { GifFolder } from "../external/gif_folder.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { runsWithoutPictures } from "./runs_store.ts";

type Deps = { db: Db; gifFolder?: GifFolder | undefined };

/** Removes files of deleted dashboards and of runs without pictures in the database. */
export async function removeOldPictures({ db, gifFolder }: Deps): Promise<void> {
  const files = await gifFolder?.list() ?? [];
  if (!gifFolder || files.length === 0) return;
  for (const file of await runsWithoutPictures(db, files)) await gifFolder.remove(file);
}
