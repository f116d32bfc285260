import { deepStrictEqual as same, strictEqual as equal } from "node:assert/strict";
import { isBetterHigh, type KeyNumber } from "../../src/measures/number.ts";
import { directionOf, headline, inOrder, worseFirst } from "../../src/measures/direction.ts";

Deno.test("headline() takes what is worse before what is better, in the order of the names", () => {
  const number = (name: KeyNumber["name"], better: boolean | null): KeyNumber => ({
    name,
    group: null,
    value: 1,
    unit: null,
    before: null,
    change: null,
    better,
  });
  const [wns, area, power] = [
    number("setup_wns", true),
    number("area", null),
    number("power", false),
  ];
  equal(headline([area, wns, power]), power);
  equal(headline([area, wns]), wns);
  equal(headline([area]), area);
  equal(headline([]), undefined);
});

Deno.test("inOrder() puts the group in most trouble first", () => {
  const number = (
    group: string,
    value: number,
    better: boolean | null,
    unit = "ns",
  ): KeyNumber => ({
    name: "setup_wns",
    group,
    value,
    unit,
    before: null,
    change: null,
    better,
  });
  const numbers = [
    number("met", 1, null),
    number("late", -2, null),
    number("better", -9, true),
    number("worse", 3, false),
    number("worst", -1, false),
  ];
  same(inOrder(numbers).map(({ group }) => group), ["worst", "worse", "better", "late", "met"]);
});

Deno.test("inOrder() puts the group first that got worse most, in different units too", () => {
  const number = (group: string, before: number, value: number, unit: string): KeyNumber => {
    const change = value - before;
    return { name: "setup_wns", group, value, unit, before, change, better: change > 0 };
  };
  const numbers = [
    number("better", -5, -4, "ns"),
    number("little", -9, -9.01, "ns"),
    number("most", -1, -2, "ns"),
    number("ps", -100, -600, "ps"),
  ];
  for (const all of [numbers, numbers.toReversed()]) {
    same(inOrder(all).map(({ group }) => group), ["most", "ps", "little", "better"]);
  }
});

Deno.test("directionOf() takes small changes of sizes as noise, for the headline too", () => {
  const number = (name: KeyNumber["name"], before: number, value: number): KeyNumber => {
    const change = value - before;
    const better = change > 0 === isBetterHigh(name);
    return { name, group: null, value, unit: null, before, change, better };
  };
  const [runtime, wns] = [number("runtime", 1000, 1010), number("setup_wns", -2, -1)];
  same([runtime, wns].map((one) => directionOf(one)), [null, "better"]);
  equal(directionOf(runtime, 0.5), "worse");
  equal(directionOf({ ...wns, sure: false }), null);
  equal(headline([runtime, wns]), wns);
  same(worseFirst([wns, runtime], 0.5), [runtime, wns]);
});
