import { ok, strictEqual as equal } from "node:assert";
import { type Evaluated, judgeCases } from "../field/judge.ts";

let judging: Promise<Evaluated[]> | undefined;
/** All cases, read once for both tests. */
const judgeAll = () => judging ??= judgeCases();

Deno.test("every open field case is read as a designer reads it", async () => {
  const judged = await judgeAll();
  const wrong = judged.filter(({ faults }) => faults.length > 0);
  equal(wrong.length, 0, wrong.map(({ id, faults }) => `${id}: ${faults.join("; ")}`).join("\n"));
});

Deno.test("board, row, message and page agree on every field case", async () => {
  const judged = await judgeAll();
  const wrong = judged.filter(({ differing }) => differing.length > 0);
  equal(wrong.map(({ id, differing }) => `${id}: ${differing.join("; ")}`).join("\n"), "");
  const stats = judged.reduce((sum, { stats }) => sum + stats, 0);
  ok(stats > 60, `${stats} stats`);
});
