import { orAborted } from "../external/abort.ts";
import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import { limitConcurrency } from "../external/semaphore.ts";
import { SealError } from "../credentials/seal.ts";
import { AppError } from "../errors.ts";
import {
  type Check,
  type Deps,
  failed,
  failedBy,
  type Family,
  NOT_CHECKED,
  type Result,
  warning,
} from "./check.ts";
import { makeProbes } from "./probes.ts";
import { CHECKS } from "./registry.ts";

export type Checked = Pick<Check, "name" | "group" | "docs" | "finding"> & Result;
export type Limits = { eachMs: number; allMs: number; checks: (Check | Family)[] };

const LIMITS: Limits = { eachMs: 10_000, allMs: 30_000, checks: CHECKS };
const AT_A_TIME = 16;

/** Runs all checks at the same time, or the one of this name and what it needs; the order is the registry's. */
export async function runChecks(
  deps: Deps,
  only?: string,
  limits: Partial<Limits> = {},
): Promise<{ checked: Checked[]; probes: ReturnType<typeof makeProbes> }> {
  const { eachMs, allMs, checks } = { ...LIMITS, ...limits };
  const probes = makeProbes(deps, eachMs * 0.95);
  const run = new Run({ ...deps, probes }, eachMs, AbortSignal.timeout(allMs));
  const wanted = only === undefined ? checks : neededFor(only, checks);
  const listed = await Promise.all(wanted.map((one) => run.add(one, only)));
  return { checked: listed.flat(), probes };
}

/** The check of this name with what it needs; where it is of a family, every family with what that needs. */
function neededFor(only: string, checks: (Check | Family)[]): (Check | Family)[] {
  const own = checks.filter(({ name }) => name === only);
  const wanted = new Set(own.length > 0 ? own : checks.filter((one) => "list" in one));
  for (const { needs = [] } of wanted) {
    checks.filter(({ name }) => needs.includes(name)).forEach((one) => wanted.add(one));
  }
  return checks.filter((one) => wanted.has(one));
}

class Run {
  readonly #results = new Map<string, Promise<Result>>();
  readonly #withPermit = limitConcurrency(AT_A_TIME);
  readonly #registered = Promise.withResolvers<void>();

  constructor(
    readonly context: Parameters<Check["run"]>[0],
    readonly eachMs: number,
    readonly all: AbortSignal,
  ) {
    // After this turn every check of the registry has its promise.
    queueMicrotask(() => this.#registered.resolve());
  }

  async add(one: Check | Family, only: string | undefined): Promise<Checked[]> {
    if (one.skip?.(this.context)) return [];
    if ("run" in one) {
      const result = this.#start(one);
      return only === undefined || only === one.name ? [checked(one, await result)] : [];
    }
    const found: Check[] = [];
    const list = async (signal: AbortSignal) => {
      found.push(...await one.list(this.context, signal));
      return { state: "ok", message: "", fix: null } as const;
    };
    const result = await this.#limited({ ...one, run: (_, signal) => list(signal) });
    if (result.state !== "ok" && (only === undefined || only === one.name)) {
      return [checked(one, result)];
    }
    const wanted = found.filter(({ name }) => only === undefined || only === name);
    const needed = new Set(wanted.flatMap(({ needs = [] }) => needs));
    const started = found.filter((check) => wanted.includes(check) || needed.has(check.name))
      .map((check) => [check, this.#start(check)] as const);
    const asked = started.filter(([check]) => wanted.includes(check));
    return await Promise.all(asked.map(async ([check, result]) => checked(check, await result)));
  }

  #start(check: Check): Promise<Result> {
    const result = this.#limited(check);
    this.#results.set(check.name, result);
    return result;
  }

  async #limited(check: Check): Promise<Result> {
    const known = this.context.diagnosis.known?.[check.name];
    if (known) return known;
    await this.#registered.promise;
    const missing = await this.#missing(check);
    return missing ?? await this.#withPermit(() => this.#run(check));
  }

  async #missing({ needs = [] }: Check): Promise<Result | undefined> {
    for (const name of needs) {
      const needed = await this.#results.get(name);
      if (!needed || needed.state !== "failed" && !needed.message.startsWith(NOT_CHECKED)) continue;
      return warning(`${NOT_CHECKED}: see "${name}".`, `Correct "${name}" first.`);
    }
  }

  async #run(check: Check): Promise<Result> {
    const signal = AbortSignal.any([this.all, AbortSignal.timeout(this.eachMs)]);
    try {
      const work = withDeadline(DEADLINES.check, () => check.run(this.context, signal));
      return await orAborted(work, signal);
    } catch (error) {
      if (this.all.aborted) {
        return failed("No answer in time: all checks together have 30 s.", LATE);
      }
      if (signal.aborted) return failed(`No answer in ${this.eachMs / 1000} s.`, LATE);
      return explain(error, check);
    }
  }
}

const LATE =
  "See whether the system hangs, or the network to it drops packets; then run this check again.";

function explain(error: unknown, { name }: Check): Result {
  if (error instanceof SealError) {
    return failed("A stored value does not open with this seal key.", 'See the check "Seal key".');
  }
  if (error instanceof AppError) return failed(error.message, "See the documentation.");
  try {
    return failedBy(error, "See the documentation.");
  } catch {
    const kind = error instanceof Error ? error.name : "unknown error";
    return failed(`The check "${name}" failed by itself (${kind}).`, "Report this as a bug.");
  }
}

function checked({ name, group, docs, finding }: Omit<Check, "run">, result: Result): Checked {
  const { state, message, fix } = result;
  return { name, group, docs, ...(finding ? { finding } : {}), state, message, fix };
}
