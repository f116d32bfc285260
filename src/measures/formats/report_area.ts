import type { FormatEntry } from "./entry.ts";

/** `report_area -hierarchy` of Design Compiler: one row per hierarchical cell. */
export const reportAreaDc: FormatEntry = {
  name: "Design Compiler report_area -hierarchy",
  source: "Design Compiler User Guide, report_area",
  needs: ["hierarchical cell", "absolute total"],
  columns: {
    "hierarchical cell": "instance",
    "absolute total": "area",
    "percent total": null,
    combinational: null,
    noncombinational: null,
    "black-boxes": null,
  },
};

/** `report_area` of Innovus and Genus: one row per hierarchical instance, the root first. */
export const reportArea: FormatEntry = {
  name: "Innovus report_area",
  source: "Innovus Text Command Reference, report_area",
  needs: ["hinst name", "module name", "total area"],
  columns: {
    "hinst name": "instance",
    "module name": null,
    "inst count": "cells",
    "total area": "area",
    depth: "depth",
  },
};
