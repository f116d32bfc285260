import type { FormatEntry } from "./entry.ts";

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
