import { refusesFiles } from "../../external/disk.ts";
import { type Check, type Context, failed, type Result } from "../check.ts";
import { judgeSpace } from "./space.ts";

type Folder = (context: Context) => { path: string | undefined; what: string };

const folderCheck = (name: string, folder: Folder): Check => ({
  name,
  group: "disk",
  docs: "disk",
  skip: (context) => folder(context).path === undefined,
  async run(context): Promise<Result> {
    const { path = "", what } = folder(context);
    const refused = await refusesFiles(path);
    if (refused) {
      return refused === "ENOSPC" ? failed(`The disk that holds ${path} is full.`, SPACE) : failed(
        `The folder ${path} takes no files (${refused}).`,
        `Give it to the user that runs Dashkeeper (\`chown\`), or set ${what} to another folder.`,
      );
    }
    return await judgeSpace(path, what, SPACE);
  },
});

const SPACE = "Free some space (`du -xh --max-depth=2`), or set the folder to a larger disk.";

export const disk: Check[] = [
  folderCheck("Disk", ({ diagnosis: { data_dir } }) => ({ path: data_dir, what: "DATA_DIR" })),
  folderCheck("GIF folder", ({ diagnosis: { gif_dir } }) => ({
    path: gif_dir,
    what: "GIF_CAPTURE_DIR",
  })),
];
