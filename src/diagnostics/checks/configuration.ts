import { type Check, failed, ok } from "../check.ts";

export const configuration: Check = {
  name: "Configuration",
  group: "configuration",
  docs: "configuration",
  run({ diagnosis: { faults = [] } }) {
    if (faults.length === 0) return Promise.resolve(ok("Every variable that is set is valid."));
    const names = faults.map((fault) => /^[A-Z_]+/.exec(fault)?.[0] ?? "").join(", ");
    return Promise.resolve(failed(
      `The service does not start with this environment: ${faults.join("; ")}.`,
      `Correct ${names} in the service's environment (see .env.example), then restart the service.`,
    ));
  },
};

/** A variable of the system that is not valid: what depends on it cannot be checked. */
export const faultyOf = (faults: string[] | undefined, prefix: RegExp) =>
  faults?.map((fault) => /^[A-Z_]+/.exec(fault)?.[0] ?? "").find((name) => prefix.test(name));
