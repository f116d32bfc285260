import type { FormatEntry } from "./entry.ts";

/** KLayout: the items of a report database (.lyrdb). */
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
