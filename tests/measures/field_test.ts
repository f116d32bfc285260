import { strictEqual as equal } from "node:assert";
import { judgeCases } from "../field/judge.ts";

Deno.test("every open field case is read as a designer reads it", async () => {
  const judged = await judgeCases();
  const wrong = judged.filter(({ faults }) => faults.length > 0);
  equal(wrong.length, 0, wrong.map(({ id, faults }) => `${id}: ${faults.join("; ")}`).join("\n"));
});
