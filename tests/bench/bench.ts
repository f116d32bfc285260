/** `deno task bench [scan|way|delivery|users|pages|log|metrics|workspaces|numbers|imports|boards|frame|gif]`: one part, or all of them one after the other. */
import { benchBoards } from "./boards_bench.ts";
import { benchDelivery } from "./delivery_bench.ts";
import { benchFirstFrame } from "./first_frame.ts";
import { benchImports } from "./imports_bench.ts";
import { benchGif } from "./gif_bench.ts";
import { benchLog, benchMetrics } from "./overhead_bench.ts";
import { benchNumbers } from "./numbers_bench.ts";
import { benchPages } from "./pages/bench.ts";
import { benchScan } from "./scan_bench.ts";
import { benchUsers } from "./users_bench.ts";
import { benchWay } from "./way_bench.ts";
import { benchWorkspaces } from "./workspaces_bench.ts";

const PARTS: Record<string, [what: string, run: () => Promise<unknown>]> = {
  scan: ["An idle look at all databases, ms", benchScan],
  way: ["From the last insert to the message, seconds after it", benchWay],
  delivery: ["From a row at notify to its message, GIF of 1.5 MB", benchDelivery],
  pages: ["Pages at 100,000 dashboards, a million users and a million audit entries", benchPages],
  users: ["List, get and reveal at 1,000 and 1,000,000 users", benchUsers],
  log: ["Requests/s with and without a log", benchLog],
  metrics: ["Requests/s with and without metrics, and with and without both", benchMetrics],
  workspaces: ["300 users made, ms each, and the look after", () => benchWorkspaces()],
  numbers: ["Mapping and numbers of a million rows, ms", benchNumbers],
  imports: ["Report files of 100 MB read, typed and made ready for COPY", benchImports],
  boards: ["Each panel's SQL on a million rows, ms", benchBoards],
  frame: ["From a board's opening to the first frame, warm browser", benchFirstFrame],
  gif: ["The preview: 10 frames of 1920×1080", benchGif],
};

const [asked, ...more] = Deno.args;
if (more.length > 0 || asked !== undefined && !Object.hasOwn(PARTS, asked)) {
  console.error(`Say which part: deno task bench [${Object.keys(PARTS).join("|")}]`);
  Deno.exit(2);
}
for (const [name, [what, run]] of Object.entries(PARTS)) {
  if (asked !== undefined && name !== asked) continue;
  const [load] = Deno.loadavg();
  console.log(`\n${what} (load average before it: ${load!.toFixed(2)})`);
  await run();
}
