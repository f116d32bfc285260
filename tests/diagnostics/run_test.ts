import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { type Check, type Family, ok as fine } from "../../src/diagnostics/check.ts";
import { CHECKS } from "../../src/diagnostics/registry.ts";
import { runChecks } from "../../src/diagnostics/run.ts";
import { startWorld } from "../help/world/world.ts";

const check = (name: string, run: Check["run"], needs: string[] = []): Check => ({
  ...{ name, group: "service", docs: "service", needs, run },
});
const hangs = () => new Promise<never>(() => {});

Deno.test("runChecks() gives up a check that hangs, and shows the others", async () => {
  await using world = await startWorld();
  const checks = [
    check("hung", hangs),
    check("well", () => Promise.resolve(fine("It is well."))),
    check("broken", () => Promise.reject(new TypeError("xoxb-secret"))),
    check("after", () => Promise.resolve(fine("never said")), ["hung"]),
    { ...check("families", hangs), list: hangs, run: undefined } as unknown as Family,
  ];
  delete (checks[4] as { run?: unknown }).run;
  const started = performance.now();
  const { checked } = await runChecks(world.deps, undefined, { eachMs: 300, allMs: 5000, checks });
  ok(performance.now() - started < 2500);
  same(checked.map(({ name, state, message }) => [name, state, message]), [
    ["hung", "failed", "No answer in 0.3 s."],
    ["well", "ok", "It is well."],
    ["broken", "failed", 'The check "broken" failed by itself (TypeError).'],
    ["after", "warning", 'Not checked: see "hung".'],
    ["families", "failed", "No answer in 0.3 s."],
  ]);
});

Deno.test("runChecks() ends all together in time, also where many hang", async () => {
  await using world = await startWorld();
  const checks = Array.from({ length: 60 }, (_, i) => check(`check ${i}`, hangs));
  const started = performance.now();
  const limits = { eachMs: 200, allMs: 500, checks };
  const { checked } = await runChecks(world.deps, undefined, limits);
  ok(performance.now() - started < 2000);
  equal(checked.length, 60);
  equal(checked[0]!.message, "No answer in 0.2 s.");
  match(checked[59]!.message, /all checks together/);
});

Deno.test("runChecks() runs one check alone, with what it needs", async () => {
  await using world = await startWorld();
  const ran: string[] = [];
  const note = (name: string, needs: string[] = []) =>
    check(name, () => (ran.push(name), Promise.resolve(fine("It ran."))), needs);
  const family: Family = {
    ...{ name: "family", group: "queue", docs: "queue", needs: ["first"] },
    list: () => Promise.resolve([note("one of it"), note("another"), note("last", ["another"])]),
  };
  const checks = [note("first"), note("second", ["first"]), note("third"), family];
  const run = async (name: string) => {
    ran.length = 0;
    const { checked } = await runChecks(world.deps, name, { checks });
    return [checked.map(({ name }) => name), [...ran]];
  };
  same(await run("second"), [["second"], ["first", "second"]]);
  same(await run("one of it"), [["one of it"], ["first", "one of it"]]);
  same(await run("last"), [["last"], ["first", "another", "last"]]);
  same(await run("unknown"), [[], ["first"]]);
});

Deno.test("the names of the checks are unique, and what they need exists", () => {
  const names = CHECKS.map(({ name }) => name);
  equal(new Set(names).size, names.length);
  for (const { needs = [] } of CHECKS) for (const name of needs) ok(names.includes(name), name);
});
