import { ParseError } from "../format.ts";
import { wholeNumber } from "../numbers.ts";
import type { Row } from "../rows.ts";

const TITLE = /^\d+(?:\.\d+)*\.? +(\S.*)$/;
const NUMBERS: Record<string, string> = {
  ...{ Used: "used", Fixed: "fixed", Prohibited: "prohibited", Available: "available" },
  "Util%": "used_pct",
};
/** A report has about 100 rows. */
const MOST_ROWS = 100_000;

type Table = { rules: 1 | 2; header: string[]; rows: number };

/** Reads the tables of `report_utilization` that count sites; the last report of a file counts. */
export class UtilizationReader {
  #contents = new Set<string>();
  #rows: Row[] = [];
  #isInContents = false;
  #section = "";
  #table: Table | null = null;
  /** Earlier reports, which are left out. */
  repeats = 0;

  line(text: string, line: number) {
    if (text.startsWith("+-")) return this.#rule(text, line);
    if (this.#table && text.startsWith("|")) return this.#row(this.#table, text, line);
    this.#leaveTable(line);
    if (text === "Utilization Design Information") {
      if (this.#rows.length > 0) this.repeats++;
      [this.#contents, this.#rows, this.#section] = [new Set(), [], ""];
    } else if (text === "Table of Contents") this.#isInContents = true;
    const [, title] = TITLE.exec(text) ?? [];
    if (title && this.#isInContents) this.#contents.add(title);
    else if (title) this.#contents.delete(this.#section = title);
  }

  blank(line: number) {
    this.#leaveTable(line);
    this.#isInContents = false;
  }

  /** Returns the rows. */
  end(count: number): Row[] {
    this.#leaveTable(count);
    const [missing] = this.#contents;
    if (missing && this.#rows.length > 0) {
      throw new ParseError(`The report ends before "${missing}". Is the file cut?`, count);
    }
    return this.#rows;
  }

  #rule(text: string, line: number) {
    const { rules, header } = this.#table ?? {};
    if (!text.endsWith("+") || rules === 1 && header!.length === 0) throw this.#cut(line);
    if (rules === undefined) this.#table = { rules: 1, header: [], rows: 0 };
    else if (rules === 1) this.#table!.rules = 2;
    else this.#table = null;
  }

  #row(table: Table, text: string, line: number) {
    const cells = text.split("|").slice(1, -1).map((cell) => cell.trim());
    const { rules, header } = table;
    if (rules === 1) return void (table.header = cells);
    table.rows++;
    if (!text.endsWith("|") || cells.length !== header.length) throw this.#cut(line);
    if (!header.includes("Site Type") || !header.includes("Used")) return;
    if (this.#rows.push(siteOf(this.#section, header, cells)) > MOST_ROWS) {
      throw new ParseError("The report has over 100,000 rows.", line);
    }
  }

  /** An empty table has no third rule. */
  #leaveTable(line: number) {
    if (this.#table && (this.#table.rules === 1 || this.#table.rows > 0)) throw this.#cut(line);
    this.#table = null;
  }

  #cut(line: number) {
    return new ParseError(`The table under "${this.#section}" has no end. Is the file cut?`, line);
  }
}

function siteOf(section: string, header: string[], cells: string[]): Row {
  const row: Row = { section: section || null, site_type: "" };
  header.forEach((name, i) => {
    if (name === "Site Type") row.site_type = cells[i]!.replace(/\*+$/, "");
    else if (NUMBERS[name]) row[NUMBERS[name]] = wholeNumber(cells[i]!) ?? null;
  });
  return row;
}
