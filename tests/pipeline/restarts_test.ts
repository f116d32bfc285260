import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import { SILENT, withLog } from "../../src/external/log/log.ts";
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

/** Those that no person asks for: the row goes back to the request of before. */
const KEEPS_REQUEST = ["advance", "renameTable", "archiveOthers", "softDelete"];
const BEFORE = crypto.randomUUID();
const REQUEST = crypto.randomUUID();
const [SPAN_BEFORE, SPAN] = [1, 2].map((n) => `00-${`${n}`.repeat(32)}-${`${n}`.repeat(16)}-01`);

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
        source = 'grafana', request_id = ${BEFORE}, traceparent = ${SPAN_BEFORE!}`;
    const context = { log: SILENT, request_id: REQUEST, traceparent: SPAN };
    await withLog(context, () => act({ db, user_id, id, claim }));
    const [after] = await db`
      select step, stopped, stop_code, last_error, failures, deaths, capture_tries,
        next_try_at <= now() as is_due, claim_id is not null as is_claimed,
        claimed_until is not null as is_leased, request_id, traceparent
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
      request_id: KEEPS_REQUEST.includes(name) ? BEFORE : REQUEST,
      traceparent: KEEPS_REQUEST.includes(name) ? SPAN_BEFORE : SPAN,
    });
  });
}

Deno.test("beginRun() gives a run that no request asked for an id of its own", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const user_id = await addAccount(db, "ada");
  const begin = (content: string) =>
    row.beginRun(db, { user_id, kind: "qor" }, { ...table, content }, 1);
  const ids = [await begin("a"), await begin("b")].map((run) => run!.request_id);
  equal(new Set(ids).size, 2);
  const [{ request_id }] = await db<[{ request_id: string }]>`select request_id from dashboards`;
  equal(request_id, ids[1]);
});
