import type { Sql } from "../../../src/external/postgres/postgres.ts";
import type { TestSlack } from "../slack.ts";
import { addAccount, addDashboard } from "../world/rows.ts";

/** As large as a preview that Slack gets. */
const GIF = new Uint8Array(1_500_000).fill(1);
GIF.set(new TextEncoder().encode("GIF89a"));

/** Rows at the step "notify" of a service that runs, and what became of them. */
export function deliveries(master: Sql, slack: TestSlack) {
  let user: number | undefined;
  return {
    /** A table's first run, ready for Slack. */
    async add(table_name: string): Promise<number> {
      const owner = user ??= await addAccount(master, "flow");
      // In one transaction: the row wakes the service, which needs its run.
      return await master.begin((tx) =>
        addDashboard(tx, owner, { table_name, step: "notify", gif: GIF })
      );
    },
    /** The next run of a table whose message is posted. */
    async nextRun(id: number): Promise<void> {
      await master.begin(async (tx) => {
        await tx`
          insert into runs (dashboard_id, run, row_count, gif, captured_at)
          select id, run + 1, 3, ${GIF}, now() from dashboards where id = ${id}`;
        await tx`update dashboards set run = run + 1, step = 'notify' where id = ${id}`;
      });
    },
    /** The time passes that a killed worker's leases and the waits would take. */
    async letTimePass(): Promise<void> {
      await master`update runs set posting_at = posting_at - interval '31 seconds'`;
      await master`
        update dashboards set next_try_at = now(), claimed_until = now() - interval '1 second'
        where step = 'notify' and not stopped`;
    },
    async waiting(): Promise<{ id: number; run: number; stopped: boolean; why: string }[]> {
      return await master`
        select id, run, stopped, last_error as why from dashboards where step = 'notify'`;
    },
    /** "run 1 of 7", as often as it is in the channel. */
    async posted(): Promise<string[]> {
      return (await slack.messages()).map(({ metadata }) => {
        const { dashboard_id, run } = metadata!.event_payload;
        return `run ${run} of ${dashboard_id}`;
      });
    },
    async runs(): Promise<string[]> {
      const runs = await master<{ dashboard_id: number; run: number }[]>`
        select dashboard_id, run from runs order by 1, 2`;
      return runs.map(({ dashboard_id, run }) => `run ${run} of ${dashboard_id}`);
    },
  };
}
