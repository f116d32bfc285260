import { deliveries } from "../help/service/deliveries.ts";
import { makeHome, tells, waitFor } from "../help/service/service.ts";
import { startSlack } from "../help/slack.ts";

const ROUNDS = 5;
const BURST = 30;

/**
 * From a row at "notify" to its message in the channel, by a service with its defaults, with a GIF of 1.5 MB
 * that Slack takes a while to process; then a burst of rows in one channel.
 */
export async function benchDelivery() {
  await using slack = await startSlack();
  await using home = await makeHome();
  await home.start(tells(slack));
  await using master = await home.openMaster();
  const rows = deliveries(master, slack);
  const posts = () => slack.calls.filter(({ method }) => method === "chat.postMessage");
  const table: Record<string, Record<string, number>> = {};
  for (const processing of [0, 300, 1_000]) {
    slack.rules.processingMs = processing;
    const times: number[] = [];
    const calls = slack.calls.length;
    for (let round = 0; round < ROUNDS; round++) {
      await new Promise((done) => setTimeout(done, 1_200)); // past the channel's second
      const before = posts().length;
      const began = Date.now();
      await rows.add(`t_${processing}_${round}`);
      await waitFor("its message", () => posts().length > before, 30);
      times.push(posts().at(-1)!.at - began);
      await waitFor("its end", async () => (await rows.waiting()).length === 0);
    }
    times.sort((a, b) => a - b);
    table[`processed in ${processing} ms`] = {
      "median ms": times[Math.floor(ROUNDS / 2)]!,
      "worst ms": times.at(-1)!,
      "calls each": (slack.calls.length - calls) / ROUNDS,
    };
  }
  console.table(table);
  console.log("at most 2,000 ms on an idle machine");

  Object.assign(slack.rules, { processingMs: 300, spacingMs: 950 });
  await new Promise((done) => setTimeout(done, 1_200));
  const [before, began] = [posts().length, Date.now()];
  for (let i = 0; i < BURST; i++) await rows.add(`burst_${i}`);
  await waitFor("the burst", async () => (await rows.waiting()).length === 0, 120);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  const refused = posts().length - before - BURST;
  console.log(`${BURST} rows in one channel: ${seconds} s, ${refused} posts answered with 429`);
}
