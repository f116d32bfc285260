import { match, strictEqual as equal } from "node:assert/strict";
import type { Deps } from "../../src/diagnostics/check.ts";
import { type Checked, type Limits, runChecks } from "../../src/diagnostics/run.ts";

type Expected = { state: Checked["state"]; message: RegExp; fix?: RegExp };

/** Runs single checks and holds them against what they must say; prints all as a table at the end. */
export function provoking(deps: Deps, limits: Partial<Limits> = {}) {
  const rows: string[][] = [["provoked", "check", "state", "message", "fix"]];
  const run = async (name: string, more: Partial<Deps> = {}) =>
    (await runChecks({ ...deps, ...more }, name, limits)).checked[0];
  return {
    run,
    async expect(what: string, name: string, expected: Expected, more: Partial<Deps> = {}) {
      const found = await run(name, more);
      const shown = `${what}: ${JSON.stringify(found)}`;
      equal(found?.state, expected.state, shown);
      match(found!.message, expected.message, shown);
      if (expected.fix) match(found!.fix ?? "", expected.fix, shown);
      equal(found!.fix === null, found!.state === "ok", shown);
      rows.push([what, name, found!.state, found!.message, found!.fix ?? ""]);
      return found!;
    },
    [Symbol.dispose]() {
      console.log(rows.map((row) => `| ${row.join(" | ")} |`).join("\n"));
    },
  };
}
