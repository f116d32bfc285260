import { type Append, ParseError } from "../format.ts";
import { numberOf } from "../numbers.ts";
import type { OpenTable } from "../rows.ts";
import { type Place, placed } from "./place.ts";

const HEADER = /^(?:Group\s+)?Internal\s+Switching\s+Leakage\s+Total$/;
const UNITS = /^Power\s+Power\s+Power\s+Power(?:\s+\((\S+)\))?$/;
const SYMBOLS: Record<string, string> = { watts: "w", w: "w", mw: "mw", uw: "uw", nw: "nw" };
const NUMBER = String.raw`([-+]?[\d.]+(?:e[-+]?\d+)?|NaN|-?INF|-?inf|-?nan)`;
const FOUR = Array(4).fill(NUMBER).join(String.raw`\s+`);
const GROUP = new RegExp(String.raw`^(\S+(?: \S+)*)\s+${FOUR}(?:\s+\S+%)?$`);
const INSTANCE = new RegExp(String.raw`^${FOUR}\s+(\S+)$`);
const NAMES = ["power_internal", "power_switching", "power_leakage", "power_total"];

type Table = { unit: string; ofGroups: boolean; rows: number; append?: Append };

/** Reads `report_power` of the design (by group, with its Total) and of instances. */
export class PowerReader {
  #table: Table | null = null;
  rows = 0;

  constructor(readonly open: OpenTable, readonly place: Place) {}

  isOpen() {
    return this.#table !== null;
  }

  /** True: the line belongs to a power report. */
  line(text: string, number: number): boolean {
    if (HEADER.test(text)) {
      if (this.#table?.ofGroups) throw cut(number);
      this.#table = { unit: "", ofGroups: text.startsWith("Group"), rows: 0 };
      return true;
    }
    if (!this.#table) return false;
    const units = UNITS.exec(text);
    if (units) this.#table.unit = SYMBOLS[(units[1] ?? "").toLowerCase()] ?? "";
    return units !== null || /^-+$/.test(text) || this.#row(this.#table, text, number);
  }

  blank() {
    if (this.#table && !this.#table.ofGroups && this.#table.rows > 0) this.#table = null;
  }

  end(count: number) {
    if (this.#table?.ofGroups || this.#table?.rows === 0) throw cut(count);
  }

  #row(table: Table, text: string, number: number): boolean {
    const row = (table.ofGroups ? GROUP : INSTANCE).exec(text);
    if (!row && table.ofGroups) throw cut(number);
    if (!row || row[1] === "Total") this.#table = null;
    if (row && table.ofGroups) this.#write(table, row[1]!, row.slice(2));
    else if (row) this.#write(table, row[5]!, row.slice(1, 5));
    return row !== null;
  }

  #write(table: Table, name: string, numbers: string[]) {
    const at = placed(this.place);
    const suffix = table.unit && `_${table.unit}`;
    table.append ??= this.open("qor", "power", [
      table.ofGroups ? "power_group" : "instance",
      ...NAMES.map((column) => column + suffix),
      ...Object.keys(at),
    ]);
    table.append([name, ...numbers.map(numberOf), ...Object.values(at)]);
    table.rows++;
    this.rows++;
  }
}

const cut = (line: number) =>
  new ParseError("The power report ends without its Total. Is the file cut?", line);
