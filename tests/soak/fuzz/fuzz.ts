import { deepStrictEqual as same } from "node:assert/strict";
import process from "node:process";
import { type Format, ParseError } from "../../../src/imports/formats/format.ts";
import { FORMATS } from "../../../src/imports/formats/registry.ts";
import { collect, pieces, random } from "../../help/imports/collect.ts";
import { realReports } from "../../help/imports/reports.ts";
import { mutated } from "./mutate.ts";

const SECONDS_PER_MB = 1;
/** Compiling and collecting garbage are no hang. */
const GRACE = 0.5;

/** Of this process: a busy machine is no hang. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

export type Fuzzed = { files: number; read: number; refused: number; slowest: string };

/** What a format makes of a text; ParseError is an answer. Other errors are thrown. */
function answer(format: Format, text: string | Iterable<string>, file: string): unknown {
  try {
    return collect(format, text, file);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    if (!error.message) throw new Error("The refusal says nothing.");
    return { refused: error.message, line: error.line };
  }
}

/** Runs `count` changed real files through the formats that they were of, and through another one. */
export function fuzz(count: number, seed: number): Fuzzed {
  const files = realReports();
  const next = random(seed);
  const fuzzed: Fuzzed = { files: count, read: 0, refused: 0, slowest: "" };
  let slowest = 0;
  for (let i = 0; i < count; i++) {
    const { file, text, format } = files[Math.floor(next() * files.length)]!;
    const changed = mutated(text, next);
    const other = FORMATS[Math.floor(next() * FORMATS.length)]!;
    const by = next() < 0.8 ? format : other;
    const where = `${file}, change ${i} of seed ${seed}, as ${by.name}`;
    const began = cpuSeconds();
    const first = attempt(where, () => {
      for (const one of FORMATS) one.recognise(changed.slice(0, 1 << 16), file);
      return answer(by, changed, file);
    });
    const seconds = cpuSeconds() - began;
    const limit = GRACE + SECONDS_PER_MB * changed.length / 1e6;
    if (seconds > limit) throw new Error(`${where}: ${seconds.toFixed(2)} s`);
    const second = attempt(where, () => answer(by, pieces(changed, 5_000, next), file));
    same(rowsOf(second), rowsOf(first), where);
    if (seconds / limit > slowest) [slowest, fuzzed.slowest] = [seconds / limit, where];
    fuzzed["refused" in (first as object) ? "refused" : "read"]++;
  }
  return fuzzed;
}

/** `deno task soak fuzz`: the faults found, at most one. */
export function soakFuzz(count: number, seed: number): string[] {
  const began = performance.now();
  try {
    const { read, refused, slowest } = fuzz(count, seed);
    const seconds = Math.round((performance.now() - began) / 1_000);
    console.log(`${count} changed reports in ${seconds} s: ${read} read, ${refused} refused`);
    console.log(`nearest to the time limit: ${slowest}`);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/** A refused file has written nothing, wherever it was refused: its line may differ by the pieces. */
const rowsOf = (one: unknown) => "refused" in (one as object) ? "refused" : one;

function attempt(where: string, run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
  }
}
