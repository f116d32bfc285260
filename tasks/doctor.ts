/** Checks everything: `deno task doctor [--json]`. Exit code 0: well; 1: a check failed; 2: warnings only. */
import { parseArgs } from "node:util";
import { exitCodeOf, render } from "./doctor/render.ts";
import { examine } from "./doctor/examine.ts";

function wantsJson(): boolean {
  try {
    return parseArgs({ args: Deno.args, options: { json: { type: "boolean", default: false } } })
      .values.json;
  } catch {
    console.error("Say `deno task doctor`, or `deno task doctor --json`.");
    Deno.exit(1);
  }
}

const json = wantsJson();
try {
  const diagnosis = await examine();
  const isTerminal = Deno.stdout.isTerminal();
  console.log(json ? JSON.stringify(diagnosis, null, 2) : render(diagnosis, isTerminal));
  Deno.exit(exitCodeOf(diagnosis));
} catch (error) {
  // Its message may hold a secret, its stack begins with it.
  console.error(`The doctor failed (${error instanceof Error ? error.name : "unknown error"}).`);
  Deno.exit(1);
}
