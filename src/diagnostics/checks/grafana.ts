import { NEEDED } from "../../external/grafana/check.ts";
import type { GrafanaProbe } from "../probes.ts";
import {
  type Check,
  type Context,
  failed,
  failedBy,
  NOT_CHECKED,
  ok,
  type Result,
  warning,
} from "../check.ts";
import { faultyOf } from "./configuration.ts";

const NONE = "No Grafana is configured: dashboards are drawn on the built-in boards.";

/** The probe's result, or why there is none. */
function checkOf(
  name: string,
  docs: string,
  read: (probe: GrafanaProbe, context: Context) => Result,
  needs: string[] = [],
): Check {
  const same = { group: "grafana", finding: "Grafana" } as const;
  return {
    ...{ name, docs, needs, ...same },
    skip: ({ outside, diagnosis: { faults } }) =>
      needs.length > 0 && !outside.grafana && !faultyOf(faults, /^GRAFANA_(BASE_URL|API_KEY)/),
    async run(context) {
      const faulty = faultyOf(context.diagnosis.faults, /^GRAFANA_(BASE_URL|API_KEY)/);
      if (faulty) {
        return warning(`${NOT_CHECKED}: ${faulty} is missing or not valid.`, `Correct ${faulty}.`);
      }
      const probe = await context.probes.grafana();
      return probe ? read(probe, context) : ok(NONE);
    },
  };
}

const REACH =
  "Check GRAFANA_BASE_URL with `curl $GRAFANA_BASE_URL/api/health`, and on its machine `systemctl status grafana-server`.";
const FIXES: Record<string, string> = {
  unreachable: REACH,
  timeout: REACH,
  not_grafana:
    "Set GRAFANA_BASE_URL to Grafana itself, with its sub-path; a proxy's login page before it must let /api pass.",
  disturbed: "Look into Grafana's log: its own database may be failing.",
  ratelimited: "Allow Dashkeeper's address more calls at the proxy before Grafana.",
  key_refused:
    "Make a new token for the service account (role Admin), set GRAFANA_API_KEY to it and restart the service.",
};

const health = checkOf("Grafana", "grafana-does-not-answer", (probe) => {
  if (!probe.reachable) return failedBy(probe.fault, REACH, FIXES);
  if (probe.database === "ok") return ok(`Grafana ${probe.version ?? ""} answers.`);
  return failed("Grafana answers, but its own database does not.", FIXES.disturbed!);
});

/** The oldest version whose answers are known. */
const OLDEST = 9;

const version = checkOf("Grafana version", "grafana-version", ({ version }) => {
  const major = Number(/^\d+/.exec(version ?? "")?.[0]);
  if (!major) return warning("Grafana does not say its version.", "Use Grafana 9.4 or newer.");
  return major >= OLDEST
    ? ok(`It is Grafana ${version}.`)
    : failed(`It is Grafana ${version}.`, "Upgrade it to 9.4 or newer.");
}, ["Grafana"]);

const key = checkOf("Grafana key", "grafana-key", ({ fault, organisation }, { outside }) => {
  if (fault) return failedBy(fault, FIXES.key_refused!, FIXES);
  const where = organisation === null ? "" : ` (organisation: ${organisation})`;
  const capture = outside.grafana?.capture_key
    ? ""
    : " Previews are taken with it too: a Viewer's token in GRAFANA_CAPTURE_KEY is enough for them.";
  return ok(`Grafana accepts the key${where}.${capture}`);
}, ["Grafana"]);

const permissions = checkOf("Grafana permissions", "grafana-permissions", ({ missing }) => {
  if (missing.length === 0) return ok(`The key has all ${NEEDED.length} permissions.`);
  return failed(
    `The key lacks ${missing.join(", ")}.`,
    "Give its service account the role Admin, or set GRAFANA_API_KEY to the token of one that has it.",
  );
}, ["Grafana", "Grafana key"]);

export const grafana: Check[] = [health, version, key, permissions];
