import { deepStrictEqual as same } from "node:assert/strict";
import * as row from "../../src/pipeline/row.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { freshDatabase } from "../help/world/postgres.ts";
import { addAccount, addDashboard } from "../help/world/rows.ts";

type Stopped = { db: Sql; user_id: number; id: number; claim: row.Claim };

const table = { schema_name: "public", table_name: "runs" };
const database = ({ user_id }: Stopped) => ({ user_id, kind: "qor" }) as const;

/** Each restart of a row that stopped at "capture" with a claim left on it, and the step it leads to. */
const RESTARTS: Record<
  string,
  [row.Step, (test: Stopped) => Promise<unknown>]
> = {
  advance: ["notify", ({ db, claim }) => row.advance(db, claim, "notify")],
  restart: ["capture", ({ db, id }) => row.restart(db, id)],
  "restartForKey of one user": [
    "capture",
    ({ db, user_id }) => row.restartForKey(db, user_id),
  ],
  "restartForKey of all": ["capture", ({ db }) => row.restartForKey(db)],
  requestCapture: ["capture", ({ db, id }) => row.requestCapture(db, id)],
  requestRewrite: ["create", ({ db, id }) => row.requestRewrite(db, id)],
  redraw: ["create", ({ db, id }) => row.redraw(db, id)],
  renameTable: [
    "create",
    ({ db, id }) => row.renameTable(db, id, { ...table, table_name: "b" }),
  ],
  moveTo: [
    "create",
    ({ db, id }) => row.moveTo(db, id, "https://g", "https://g/d/1"),
  ],
  beginRun: [
    "create",
    (test) => row.beginRun(test.db, database(test), { ...table, content: "new" }, 4),
  ],
  archiveOthers: [
    "done",
    (test) =>
      row.archiveOthers(test.db, database(test), [{ schema_name: "public", table_name: "b" }]),
  ],
  softDelete: ["done", ({ db, id }) => row.softDelete(db, id)],
};

/** Those that leave a claim where it is: a stopped row has none. */
const KEEPS_CLAIM = [
  "restart",
  "restartForKey of one user",
  "restartForKey of all",
];

for (const [name, [step, act]] of Object.entries(RESTARTS)) {
  Deno.test(`${name} resets what every restart resets`, async () => {
    await using fresh = await freshDatabase();
    const { db } = fresh;
    const user_id = await addAccount(db, "ada");
    const id = await addDashboard(db, user_id, { ...table, step: "capture" });
    const claim = (await row.claimNext(db, "capture"))!;
    await db`
      update dashboards set stopped = true, stop_code = 'denied', last_error = 'No.', failures = 7,
        deaths = 5, capture_tries = 2, next_try_at = now() + interval '1 hour', board = '{}',
        source = 'grafana'`;
    await act({ db, user_id, id, claim });
    const [after] = await db`
      select step, stopped, stop_code, last_error, failures, deaths, capture_tries,
        next_try_at <= now() as is_due, claim_id is not null as is_claimed,
        claimed_until is not null as is_leased
      from dashboards`;
    const isClaimed = KEEPS_CLAIM.includes(name);
    same(after, {
      step,
      stopped: false,
      stop_code: null,
      last_error: null,
      failures: 0,
      deaths: 0,
      capture_tries: 0,
      is_due: true,
      is_claimed: isClaimed,
      is_leased: isClaimed,
    });
  });
}
