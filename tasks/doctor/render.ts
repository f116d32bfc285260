import type { CheckView, Diagnosis } from "../../src/diagnostics/diagnose.ts";

const WORDS = { ok: "ok", warning: "WARNING", failed: "FAILED" };
const COLOURS = { ok: 32, warning: 33, failed: 31 };

/** One line a check, the fix below it. */
export function render({ checks }: Pick<Diagnosis, "checks">, colour: boolean): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = Object.entries(Object.groupBy(checks, ({ group }) => group)).flatMap((
    [group, checks],
  ) => ["", group, ...checks!.flatMap((check) => linesOf(check, width, colour))]);
  return [...lines, "", summary(checks)].join("\n").trimStart();
}

function linesOf({ name, state, message, fix, docs }: CheckView, width: number, colour: boolean) {
  const word = WORDS[state].padEnd(8);
  const shown = colour ? `${START}${COLOURS[state]}m${word}${START}0m` : word;
  const line = `  ${shown}${printable(name).padEnd(width + 2)}${printable(message)}`;
  if (fix === null || /^Correct "/.test(fix)) return [line];
  return [line, `          Fix: ${printable(fix)}`, `          See ${docs}`];
}

const START = "\x1b[";

/** A table's name could hold characters that steer the terminal. */
const printable = (text: string) => text.replace(/\p{C}/gu, "?");

function summary(checks: CheckView[]): string {
  const count = (state: CheckView["state"]) => checks.filter((one) => one.state === state).length;
  return `${checks.length} checks: ${count("failed")} failed, ${count("warning")} warnings, ${
    count("ok")
  } ok.`;
}

export function exitCodeOf({ ok, checks }: Diagnosis): 0 | 1 | 2 {
  if (!ok) return 1;
  return checks.some(({ state }) => state === "warning") ? 2 : 0;
}
