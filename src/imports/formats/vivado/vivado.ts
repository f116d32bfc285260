import type { Format } from "../format.ts";
import { reportReader } from "./report.ts";

const common = {
  tool: "Xilinx Vivado",
  source: "AMD UG906, Report Timing Summary and Utilization",
};
const TIMING = /^[ \t]*\| Design Timing Summary[ \t\r]*$|^[ \t]*Timing Summary Report[ \t\r]*$/m;
const SITES = /^[ \t]*\| +Site Type +\| +Used +\|/m;

export const VIVADO: (Format & { source: string })[] = [
  {
    ...common,
    ...{ name: "vivado-timing-summary", kind: "timing", table: "summary" },
    recognise: (start) => TIMING.test(start) ? 0.95 : 0,
    open: (out) => reportReader(out, "timing"),
  },
  {
    ...common,
    ...{ name: "vivado-utilization", kind: "qor", table: "area" },
    recognise: (start) => SITES.test(start) ? 0.9 : 0,
    open: (out) => reportReader(out, "utilization"),
  },
];
