import { ParseError } from "../format.ts";
import { wholeNumber } from "../numbers.ts";
import type { Row, WriteRow } from "../rows.ts";

const TITLE = /^\d+(?:\.\d+)*\.? +(\S.*)$/;
const NUMBERS: Record<string, string> = {
  ...{ Used: "used", Fixed: "fixed", Prohibited: "prohibited", Available: "available" },
  "Util%": "used_pct",
};
/** A report has about 100 rows. */
const MOST_ROWS = 100_000;

type Table = { rules: 1 | 2; header: string[]; rows: number };

/** Reads the tables of `report_utilization` that count sites; the last report of a file counts. */
export function utilizationReader(write: WriteRow) {
  let contents = new Set<string>();
  let rows: Row[] = [];
  let isInContents = false;
  let section = "";
  let table: Table | null = null;
  let repeats = 0;
  const cut = (line: number) =>
    new ParseError(`The table under "${section}" has no end. Is the file cut?`, line);

  const rule = (text: string, line: number) => {
    if (!text.endsWith("+") || table?.rules === 1 && table.header.length === 0) throw cut(line);
    if (!table) table = { rules: 1, header: [], rows: 0 };
    else if (table.rules === 1) table.rules = 2;
    else table = null;
  };
  const row = (text: string, line: number) => {
    const cells = text.split("|").slice(1, -1).map((cell) => cell.trim());
    const { rules, header } = table!;
    if (rules === 1) return void (table!.header = cells);
    table!.rows++;
    if (!text.endsWith("|") || cells.length !== header.length) throw cut(line);
    if (!header.includes("Site Type") || !header.includes("Used")) return;
    if (rows.push(siteOf(section, header, cells)) > MOST_ROWS) {
      throw new ParseError("The report has over 100,000 rows.", line);
    }
  };
  /** An empty table has no third rule. */
  const leaveTable = (line: number) => {
    if (table && (table.rules === 1 || table.rows > 0)) throw cut(line);
    table = null;
  };
  return {
    rows: () => rows.length,
    line(text: string, line: number) {
      if (text.startsWith("+-")) return rule(text, line);
      if (table && text.startsWith("|")) return row(text, line);
      leaveTable(line);
      if (text === "Utilization Design Information") {
        if (rows.length > 0) repeats++;
        [contents, rows, section] = [new Set(), [], ""];
      } else if (text === "Table of Contents") isInContents = true;
      const [, title] = TITLE.exec(text) ?? [];
      if (title && isInContents) contents.add(title);
      else if (title) contents.delete(section = title);
    },
    blank(line: number) {
      leaveTable(line);
      isInContents = false;
    },
    /** Writes the rows; returns how many earlier reports were left out. */
    end(count: number): number {
      leaveTable(count);
      const [missing] = contents;
      if (missing && rows.length > 0) {
        throw new ParseError(`The report ends before "${missing}". Is the file cut?`, count);
      }
      for (const row of rows) write("qor", "area", row);
      return repeats;
    },
  };
}

function siteOf(section: string, header: string[], cells: string[]): Row {
  const row: Row = { section: section || null, site_type: "" };
  header.forEach((name, i) => {
    if (name === "Site Type") row.site_type = cells[i]!.replace(/\*+$/, "");
    else if (NUMBERS[name]) row[NUMBERS[name]] = wholeNumber(cells[i]!) ?? null;
  });
  return row;
}
