import { deliveries } from "../help/service/deliveries.ts";
import { makeHome, tells, waitFor } from "../help/service/service.ts";
import { type Fault, startSlack } from "../help/slack.ts";

const METHODS = [
  "files.getUploadURLExternal",
  "upload",
  "files.completeUploadExternal",
  "files.info",
  "chat.postMessage",
  "chat.postMessage", // where it matters most
  "conversations.history",
];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)]!;

/** Kills the service `many` times in the middle of deliveries. Returns what was lost or posted twice. */
export async function soakSlack(many: number): Promise<string[]> {
  await using slack = await startSlack();
  await using home = await makeHome();
  let service = await home.start(tells(slack));
  await using master = await home.openMaster();
  const rows = deliveries(master, slack);
  const ids: number[] = [];
  const where: Record<string, number> = {};
  const started = performance.now();
  for (let i = 0; i < many; i++) {
    slack.rules.processingMs = Math.random() * 300;
    const done = (await master<{ id: number }[]>`select id from dashboards where step = 'done'`)
      .map(({ id }) => id);
    if (done.length > 0 && i % 3 === 2) await rows.nextRun(pick(done));
    else ids.push(await rows.add(`table_${i}`));
    const point = await reach(slack.faults, slack.calls);
    where[point] = (where[point] ?? 0) + 1;
    await service.kill("SIGKILL");
    slack.faults.length = 0;
    await rows.letTimePass();
    service = await home.start(tells(slack));
    console.log(`${i + 1} of ${many}: killed at ${point}`);
  }
  const isDone = async () => (await rows.waiting()).every(({ stopped }) => stopped);
  await rows.letTimePass();
  await waitFor("the last rows", isDone, 180).catch(() => {});
  const [found, posted] = [await rows.runs(), await rows.posted()];
  const twice = posted.filter((one, i) => posted.indexOf(one) !== i);
  const lost = found.filter((one) => !posted.includes(one));
  console.table(where);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${many} kills in ${seconds} s: ${found.length} runs, ${posted.length} posted`);
  console.log(`twice: ${twice.length}, lost: ${lost.length}`);
  const left = await rows.waiting();
  return [
    ...twice.map((one) => `${one} was posted twice`),
    ...lost.map((one) => `${one} was not posted`),
    ...left.map(({ id, why }) => `dashboard ${id} is not done: ${why}`),
  ];
}

/** Waits until the service is at a random point of its work, at a call or between two. */
async function reach(faults: Fault[], calls: unknown[]): Promise<string> {
  if (Math.random() < 0.4) {
    const before = calls.length;
    await waitFor("a first call", () => calls.length > before, 5).catch(() => {});
    await pause(Math.random() * 700);
    return "a random moment";
  }
  const [method, after] = [pick(METHODS), Math.random() < 0.7];
  const fault: Fault = { method, what: after ? "hang-after" : "hang", times: 1 };
  faults.push(fault);
  const reached = await waitFor(method, () => fault.times === 0, 4).then(() => true, () => false);
  return reached ? `${method}, ${after ? "after" : "before"} its effect` : "rest";
}
