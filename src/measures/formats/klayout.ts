import type { FormatEntry } from "./entry.ts";

/** A KLayout report database (.lyrdb), one row per item. */
export const klayout: FormatEntry = {
  name: "KLayout report database",
  source: "https://www.klayout.de/doc/about/rdb_format.html",
  needs: ["category", "cell", "multiplicity"],
  columns: {
    "top-cell": "design",
    top_cell: "design",
    category: "rule",
    cell: "cell",
    multiplicity: "count",
    value: null,
    tags: null,
    image: null,
  },
};
