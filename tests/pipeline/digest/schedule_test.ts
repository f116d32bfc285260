import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { lastDue, nameOf, spoken } from "../../../src/pipeline/digest/schedule.ts";

const at = (hour: number, minute: number, zone = "Europe/Berlin") => ({ hour, minute, zone });
const HOUR_MS = 3_600_000;

Deno.test("lastDue() is today's time once that has come, else yesterday's", () => {
  for (
    const [zone, now, due] of [
      ["Europe/Berlin", "2026-11-30T07:29:59Z", "2026-11-29T07:30:00.000Z"],
      ["Europe/Berlin", "2026-11-30T07:30:00Z", "2026-11-30T07:30:00.000Z"],
      ["UTC", "2026-11-30T07:30:00Z", "2026-11-29T08:30:00.000Z"],
      ["Pacific/Auckland", "2026-11-30T20:00:00Z", "2026-11-30T19:30:00.000Z"],
      ["Asia/Kolkata", "2026-12-01T02:59:00Z", "2026-11-30T03:00:00.000Z"],
    ] as const
  ) equal(lastDue(at(8, 30, zone), new Date(now)).toISOString(), due, `${zone} ${now}`);
});

Deno.test("lastDue() has one time for each day where clocks change", () => {
  for (
    const [schedule, from, dues] of [
      // Clocks go from 02:00 to 03:00: 02:30 is when they show 03:30.
      [at(2, 30), "2026-03-28", ["27T01:30", "28T01:30", "29T01:30", "30T00:30"]],
      // Clocks go from 03:00 to 02:00: 02:30 is the first of the two.
      [at(2, 30), "2026-10-24", ["23T00:30", "24T00:30", "25T00:30", "26T01:30"]],
      [at(8, 30), "2026-03-28", ["27T07:30", "28T07:30", "29T06:30", "30T06:30"]],
      [at(1, 45, "Australia/Lord_Howe"), "2026-04-04", [
        "03T14:45",
        "04T14:45",
        "05T15:15",
        "06T15:15",
      ]],
      [at(0, 0, "Africa/Cairo"), "2026-04-23", ["22T22:00", "23T22:00", "24T21:00", "25T21:00"]],
    ] as const
  ) {
    const start = new Date(`${from}T00:00:00Z`).getTime();
    const found = new Set<string>();
    for (let hours = 0; hours < 72; hours += 0.25) {
      found.add(lastDue(schedule, new Date(start + hours * HOUR_MS)).toISOString().slice(8, 16));
    }
    same([...found], dues, JSON.stringify(schedule));
  }
});

Deno.test("nameOf() and spoken() name a time in its zone", () => {
  equal(nameOf(at(8, 5)), "08:05 Europe/Berlin");
  equal(
    spoken(new Date("2026-11-30T07:30:00Z"), "Europe/Berlin"),
    "Mon 30 Nov, 08:30 (Europe/Berlin)",
  );
});
