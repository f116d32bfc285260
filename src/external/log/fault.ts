import type { Fields } from "./log.ts";

const FRAMES = 4;

/** Name, code and location of an error: a foreign message may quote a value. */
export function faultOf(error: unknown): Fields {
  if (!(error instanceof Error)) return { error: "unknown error" };
  const frames = error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return {
    error: error.name,
    ...("code" in error && error.code ? { code: String(error.code) } : {}),
    stack: frames.slice(0, FRAMES).map((line) => line.trim()).join(" < "),
  };
}
