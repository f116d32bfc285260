import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { deliveries } from "../help/service/deliveries.ts";
import { makeHome, type Service, tells, waitFor } from "../help/service/service.ts";
import { type Fault, startSlack } from "../help/slack.ts";
import { holdSession } from "../help/world/postgres.ts";

/** Holds the next statement that sets a column of a run, before or after it has run. */
async function holdColumn(master: Sql, column: "posting_at" | "posted_at") {
  await master.unsafe(`
    create function hold() returns trigger language plpgsql as $$
    begin
      if new.${column} is not null and old.${column} is null then
        perform pg_advisory_xact_lock_shared(4711);
      end if;
      return new;
    end $$;
    create trigger hold before update on runs for each row execute function hold()`).simple();
  const gate = await holdSession(master);
  await gate`select pg_advisory_lock(4711)`;
  const waiting = () =>
    master<{ pid: number }[]>`
      select pid from pg_stat_activity where wait_event_type = 'Lock' and wait_event = 'advisory'`;
  return {
    reached: () =>
      waitFor(`a statement on ${column}`, async () => (await waiting()).length > 0, 60),
    /** `runs`: the statement of the killed process still runs, its answer reaches nobody. */
    async end({ runs }: { runs: boolean }) {
      if (!runs) {
        await master`select pg_terminate_backend(pid) from pg_stat_activity
        where wait_event_type = 'Lock' and wait_event = 'advisory'`;
      }
      await gate`select pg_advisory_unlock_all()`;
      await gate.release();
      await waitFor("the end of the statement", async () => (await waiting()).length === 0);
      await master.unsafe("drop function hold cascade");
    },
  };
}

const AT_SLACK: [name: string, fault: Omit<Fault, "times">][] = [
  ["upload asked for", { method: "files.getUploadURLExternal", what: "hang" }],
  ["upload completed", { method: "files.completeUploadExternal", what: "hang-after" }],
  ["message posted", { method: "chat.postMessage", what: "hang-after" }],
];
const AT_DATABASE = [["posting_at", true], ["posted_at", false]] as const;

Deno.test("main.ts killed at an await of the delivery posts the run once", async () => {
  await using slack = await startSlack();
  await using home = await makeHome();
  let service: Service = await home.start(tells(slack));
  await using master = await home.openMaster();
  const rows = deliveries(master, slack);
  const again = async (name: string, id: number) => {
    await rows.letTimePass();
    service = await home.start(tells(slack));
    await waitFor(`${name}: the row's end`, async () => (await rows.waiting()).length === 0, 60);
    const posted = (await rows.posted()).filter((one) => one === `run 1 of ${id}`);
    equal(posted.length, 1, name);
  };
  for (const [name, fault] of AT_SLACK) {
    slack.faults.push({ ...fault, times: 1 });
    const id = await rows.add(name.replaceAll(" ", "_"));
    await waitFor(name, () => slack.faults.every(({ times }) => times === 0), 60);
    await service.kill("SIGKILL");
    await again(name, id);
  }
  for (const [column, runs] of AT_DATABASE) {
    const hold = await holdColumn(master, column);
    const id = await rows.add(`in_${column}`);
    await hold.reached();
    await service.kill("SIGKILL");
    await hold.end({ runs });
    await again(column, id);
  }
  same((await rows.posted()).toSorted(), await rows.runs());
});
