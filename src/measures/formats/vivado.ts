import type { FormatEntry } from "./entry.ts";

/** The tables of `report_timing_summary`; PW is pulse width, not setup. */
export const vivadoTiming: FormatEntry = {
  name: "Vivado timing summary",
  source: "AMD UG906, Report Timing Summary",
  needs: ["wns(ns)", "tns(ns)", "tns failing endpoints"],
  columns: {
    clock: "path_group",
    "from clock": "path_group",
    "to clock": null,
    "path group": "path_group",
    "wns(ns)": ["setup_wns", "ns"],
    "tns(ns)": ["setup_tns", "ns"],
    "tns failing endpoints": "setup_violations",
    "tns total endpoints": null,
    "whs(ns)": ["hold_wns", "ns"],
    "ths(ns)": ["hold_tns", "ns"],
    "ths failing endpoints": "hold_violations",
    "ths total endpoints": null,
    "wpws(ns)": null,
    "tpws(ns)": null,
    "tpws failing endpoints": null,
    "tpws total endpoints": null,
  },
};

export const vivadoUtilization: FormatEntry = {
  name: "Vivado utilization",
  source: "AMD UG906, Report Utilization",
  needs: ["site type", "used", "available", "util%"],
  columns: {
    "site type": "site_type",
    used: "used",
    fixed: null,
    prohibited: null,
    available: null,
    "util%": ["site_utilization", "pct"],
  },
};
