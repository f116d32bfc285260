import { notRead } from "./not_read.ts";

const report = (name: string) => new RegExp(String.raw`^[ \t]*Report *: *${name}[ \t\r]*$`, "m");
/** The two tools print the same heads; PrimeTime's have other reports and options. */
const DC = /\bWireload|Wire Load|Wireload Model Mode|Operating Conditions:|\(WLM\)/i;
const TIMING = report("timing");

const primetime = notRead("primetime-report_timing", "PrimeTime report_timing", TIMING);

export const SYNOPSYS = [
  {
    ...primetime,
    recognise: (start: string) => DC.test(start) ? 0 : primetime.recognise(start),
  },
  notRead("dc-report_timing", "Design Compiler report_timing", TIMING, DC),
  notRead(
    "primetime-report_global_timing",
    "PrimeTime report_global_timing",
    report("global_timing"),
  ),
  notRead("primetime-report_constraint", "PrimeTime report_constraint", report("constraint")),
  notRead(
    "primetime-analysis_coverage",
    "PrimeTime report_analysis_coverage",
    report("analysis_coverage"),
  ),
  notRead("dc-report_qor", "Design Compiler report_qor", report("qor")),
  notRead("dc-report_area", "Design Compiler report_area", report("area")),
  notRead("synopsys-report_power", "Synopsys report_power", report("(?:power|Averaged Power)")),
  notRead("dc-report_reference", "Design Compiler report_reference", report("reference")),
];
