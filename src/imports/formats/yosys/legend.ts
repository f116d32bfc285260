import { numberOf } from "../numbers.ts";
import { isUnnamed, type Part } from "./parts.ts";

const FIGURE = String.raw`-|\d[\d.]*(?:E[-+]?\d+)?`;
const LEGEND = /^[ |]*\+[-+]*-(.*)\.$/;
const COLUMNS: Record<string, "cells" | "area" | "local"> = {
  "Count including submodules": "cells",
  "Area including submodules": "area",
  "Local Count, excluding submodules": "cells",
  "Local Area, excluding submodules": "area",
  "Local count, excluding submodules": "local",
  "Local area, excluding submodules": "local",
};

/** Reads the form of columns: a legend says what they are, the name comes last. */
export function legendReader() {
  let columns: ("cells" | "area" | "local")[] = [];
  let row: RegExp | null = null;
  let isInTypes = false;
  return {
    begin() {
      columns = [];
      row = null;
      isInTypes = false;
    },
    /** True: the line is a cell type, which is now in `part`. */
    line(raw: string, part: Part): boolean {
      const [, title] = LEGEND.exec(raw) ?? [];
      if (title) {
        if (row) columns = []; // a second table of the design hierarchy has its own legend
        const column = COLUMNS[title];
        if (column) columns.push(column);
        row = null;
        return false;
      }
      row ??= rowOf(columns.length);
      const found = row?.exec(raw);
      if (!found) return false;
      const cells = found[columns.indexOf("cells") + 1]!;
      const at = columns.indexOf("area");
      const area = at < 0 ? null : numberOf(found[at + 1]!);
      const [indent, name] = found.slice(-2) as [string, string];
      if (indent !== "") {
        if (isInTypes) part.types.push({ cell: name, cells: countOf(cells), area });
        return isInTypes;
      }
      isInTypes = name === "cells";
      if (isInTypes) part.cells = countOf(cells);
      if (isInTypes && area !== null) part.area ??= area;
      if (isUnnamed(part)) part.name = name;
      return false;
    },
  };
}

const rowOf = (columns: number) =>
  columns === 0
    ? null
    : new RegExp(String.raw`^ *(${FIGURE})${` +(${FIGURE})`.repeat(columns - 1)} ( *)(\S.*)$`);

/** `-` is none. */
const countOf = (text: string) => text === "-" ? 0 : numberOf(text);
