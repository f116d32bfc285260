import { ExternalError } from "../errors.ts";
import { asExternal } from "../external/postgres/postgres.ts";
import type { Deps, Result } from "./deps.ts";
import type { Probes } from "./probes.ts";

export type { Deps, Result };

export const GROUPS = [
  ...["configuration", "service", "database", "workspaces", "grafana", "slack", "browser"],
  ...["seal key", "clock", "jobs", "queue", "disk"],
] as const;
export type Context = Deps & { probes: Probes };

/** `docs`: an anchor of docs/troubleshooting.md. `needs`: checks without which this one says nothing. */
export type Check = {
  name: string;
  group: typeof GROUPS[number];
  docs: string;
  needs?: string[];
  /** Where it would only repeat that something is not configured. */
  skip?(context: Context): boolean;
  /** Whose name it has among the findings. */
  finding?: string;
  run(context: Context, signal: AbortSignal): Promise<Result>;
};

/** Checks of which there is one for each token, user or cause. */
export type Family = Omit<Check, "run" | "finding"> & {
  list(context: Context, signal: AbortSignal): Promise<Check[]>;
};

export const NOT_CHECKED = "Not checked";
export const ok = (message: string): Result => ({ state: "ok", message, fix: null });
export const warning = (message: string, fix: string): Result => ({
  state: "warning",
  message,
  fix,
});
export const failed = (message: string, fix: string): Result => ({ state: "failed", message, fix });

/** A known error as a result; others are thrown. `fixes`: what to do, by code. */
export function failedBy(thrown: unknown, fix: string, fixes: Record<string, string> = {}): Result {
  const error = asExternal(thrown);
  if (!(error instanceof ExternalError)) throw thrown;
  const [what, ...todo] = error.message.replace(/ (?:Retrying|It is tried again)\.$/, "")
    .split(/(?<=[.?]) (?=[A-Z])/);
  const { code = "" } = error.more;
  return failed(what!, fixes[code] ?? (todo.length > 0 ? todo.join(" ") : fix));
}

/** `3 rows`, `1 row`. */
export const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** As people name sizes and limits: GB are 10^9 bytes. */
export function inGigabytes(bytes: number): string {
  const gigabytes = bytes / 1e9;
  return `${gigabytes < 0.1 ? Number(gigabytes.toPrecision(2)) : gigabytes.toFixed(1)} GB`;
}

export function inTime(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3600)} hours`
    : `${Math.round(seconds / 86_400)} days`;
}
