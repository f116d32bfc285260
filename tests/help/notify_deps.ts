import type { Sql } from "../../src/external/postgres/postgres.ts";
import type { TestSlack } from "./slack.ts";
import { anySealKeys, type More, slackDeps } from "./slack_deps.ts";
import { FRONTEND, signingKeyOf } from "./world/deps.ts";
import { SILENT } from "../../src/external/log/log.ts";

export const signingKey = await signingKeyOf(new Uint8Array(32).fill(5));

/** All that a notify step needs. */
export async function notifyDeps(db: Sql, testSlack?: TestSlack, more: More = {}) {
  return {
    db,
    ...slackDeps(testSlack, more),
    sealKeys: await anySealKeys(),
    log: SILENT,
    signingKey,
    installation: "abc123",
    frontend_url: FRONTEND,
    board_link_days: 30,
    limits: { batchSeconds: 300 },
  };
}
