/** `deno task field [cases]`: reads each open field case and prints what was expected and found. */
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { databaseUrl } from "../../src/external/postgres/postgres.ts";
import { judgeCases } from "./judge.ts";
import { SILENT } from "../../src/external/log/log.ts";

const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-field-" });
const server = await startEmbedded({ dataDir, log: SILENT, fsync: false });
let wrong = 0;
try {
  Deno.env.set("TEST_DATABASE_URL", databaseUrl({ ...server, database: "postgres" }));
  const judged = await judgeCases(Deno.args);
  for (const { id, faults, found } of judged) {
    console.log(`${faults.length === 0 ? "right" : "WRONG"}  ${id}`);
    for (const line of found) console.log(`         found: ${line}`);
    for (const fault of faults) console.log(`         fault: ${fault}`);
  }
  wrong = judged.filter(({ faults }) => faults.length > 0).length;
  console.log(`${judged.length - wrong} of ${judged.length} right`);
} finally {
  await server.stop();
  await Deno.remove(dataDir, { recursive: true });
}
Deno.exit(wrong > 0 ? 1 : 0);
