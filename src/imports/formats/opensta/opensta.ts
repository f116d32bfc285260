import type { Format } from "../format.ts";
import { reportReader } from "./report.ts";

const SOURCE = "https://github.com/The-OpenROAD-Project/OpenSTA";

/** PrimeTime prints the slack behind its word; the heads of its paths are indented. */
const isPrimeTime = (start: string) =>
  /^[ \t]*Report : \S/m.test(start) || /^ *slack \((?:MET|VIOLATED)[^)]*\) +\S/m.test(start);

function format(
  name: string,
  kind: Format["kind"],
  table: string,
  recognise: (start: string) => number,
): Format & { source: string } {
  return {
    ...{ name, kind, table, source: SOURCE, tool: "OpenSTA/OpenROAD" },
    recognise: (start) => isPrimeTime(start) ? 0 : recognise(start),
    open: (out) => reportReader(out, table),
  };
}

const has = (pattern: RegExp) => (start: string) => pattern.test(start);
const hasPath = has(
  /^[ \t]*Startpoint: \S.*(?:\r?\n[ \t]+\(.*)?\r?\n[ \t]*Endpoint: |^[ \t]*No paths found\.[ \t\r]*$|^(?:max|min)_delay\/(?:setup|hold) group \S/m,
);
const hasSlack = has(
  /^[ \t]*(?:(?:wns|tns)(?: max| min)? \S+|(?:Worst|Total) Negative Slack \((?:Setup|Hold)\))[ \t\r]*$/m,
);
const hasWorst = has(
  /^[ \t]*(?:worst slack(?: max| min)? \S+|Worst Slack \((?:Setup|Hold)\))[ \t\r]*$/m,
);
const hasSkew = has(
  /^[ \t]*Clock \S+[ \t]*\r?\n(?:\s*Latency +CRPR +Skew[ \t\r]*$|\s*\S+ source latency |\s*No launch\/capture)/m,
);
const hasPower = has(
  /^[ \t]*(?:Group +)?Internal +Switching +Leakage +Total[ \t]*\r?\n[ \t]*Power +Power +Power +Power/m,
);
const hasArea = has(
  /^[ \t]*(?:Design area \S+ um?\^2 \S+% utilization\.|Cell type report: +Count +Area[ \t\r]*$)/m,
);

/** Each reads all reports in the file; they differ in the table that the file is about. */
export const OPENSTA = [
  format("opensta-report_checks", "timing", "paths", (start) => hasPath(start) ? 0.9 : 0),
  format("opensta-summary", "timing", "summary", (start) => hasSlack(start) ? 0.85 : 0),
  format("opensta-worst_slack", "timing", "summary", (start) => hasWorst(start) ? 0.8 : 0),
  format("opensta-report_clock_skew", "timing", "summary", (start) => hasSkew(start) ? 0.75 : 0),
  format("opensta-report_power", "qor", "power", (start) => hasPower(start) ? 0.7 : 0),
  format("openroad-report_design_area", "qor", "runs", (start) => hasArea(start) ? 0.6 : 0),
];
