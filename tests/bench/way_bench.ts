import { VARIABLES } from "../../src/config.ts";
import { listenForEvents, type Moved } from "../../src/external/events.ts";
import { addUser, keyIn, makeHome, tells, urlOf, waitFor } from "../help/service/service.ts";
import { startSlack } from "../help/slack.ts";
import { login } from "../help/world/postgres.ts";

const ROUNDS = 3;
const seconds = (name: "SETTLE_SECONDS" | "CAPTURE_FRAMES" | "CAPTURE_FRAME_DELAY") =>
  Number(VARIABLES[name].parse(undefined));

/**
 * A table on its way to Slack, alone, by a service with its defaults: seconds from the last insert to
 * each step's end, and what may be at most.
 */
export async function benchWay() {
  await using slack = await startSlack();
  await using home = await makeHome();
  const service = await home.start(tells(slack));
  const key = keyIn(service.log());
  const ada = await addUser(service, key, "ada");
  const url = await urlOf(service, key, ada.id, "QOR");
  await using master = await home.openMaster();
  const events = await listenForEvents(master);
  const moves: (Extract<Moved, { what: "dashboard" }> & { at: number })[] = [];
  events.subscribe((moved) => {
    if (moved.what === "dashboard") moves.push({ ...moved, at: Date.now() });
  });

  const rows: Record<string, Record<string, string>> = {};
  for (let round = 1; round <= ROUNDS; round++) {
    await new Promise((done) => setTimeout(done, Math.random() * 5000)); // anywhere between two ticks
    const inserted = await insert(url, `round_${round}`);
    const times = await waitFor("the message", async () => {
      const [row] = await master`
        select d.id, r.found_at, r.captured_at, r.slack_sent_at
        from dashboards d join runs r on r.dashboard_id = d.id
        where d.table_name = ${`round_${round}`} and r.slack_sent_at is not null`;
      return row;
    }, 60);
    const moved = (to: string) => moves.find(({ id, step }) => id === times.id && step === to)!.at;
    const after = (at: number | string) => ((new Date(at).getTime() - inserted) / 1000).toFixed(2);
    rows[`round ${round}`] = {
      found: after(times.found_at),
      "board made": after(moved("capture")),
      "first frame": after(times.captured_at),
      "picture made": after(moved("notify")),
      told: after(times.slack_sent_at),
    };
  }
  console.table(rows);
  const frames = seconds("CAPTURE_FRAMES") * seconds("CAPTURE_FRAME_DELAY") / 1000;
  const settle = seconds("SETTLE_SECONDS");
  console.log(
    `told at most: ${settle} (SETTLE_SECONDS) + ${frames} (the frames) + 10 = ${
      settle + frames + 10
    } s`,
  );
  await events.close();
}

/** 2,000 results in two transactions, then the client leaves. Returns when the last one was committed. */
async function insert(url: string, table: string): Promise<number> {
  await using db = login(url);
  await db.unsafe(`create table ${table} (run_date date, design text, area float8, wns_ns float8)`);
  for (const design of ["core", "cache"]) {
    await db.unsafe(`insert into ${table}
      select date '2020-01-01' + i, '${design}', 1000 + i, -1.0 / i from generate_series(1, 1000) i`);
  }
  return Date.now();
}
