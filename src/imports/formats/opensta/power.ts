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

type Table = { at: number; unit: string; ofGroups: boolean; rows: number; append?: Append };

/** Reads `report_power` of the design (by group, with its Total) and of instances. */
export function powerReader(open: OpenTable, place: Place) {
  let table: Table | null = null;
  let rows = 0;
  const write = (name: string, numbers: string[]) => {
    const at = placed(place);
    const suffix = table!.unit && `_${table!.unit}`;
    table!.append ??= open("qor", "power", [
      table!.ofGroups ? "power_group" : "instance",
      ...NAMES.map((column) => column + suffix),
      ...Object.keys(at),
    ]);
    table!.append([name, ...numbers.map(numberOf), ...Object.values(at)]);
    rows++;
    table!.rows++;
  };
  const cut = (line: number) =>
    new ParseError("The power report ends without its Total. Is the file cut?", line);
  return {
    rows: () => rows,
    isOpen: () => table !== null,
    /** True: the line belongs to a power report. */
    line(text: string, number: number): boolean {
      if (HEADER.test(text)) {
        if (table?.ofGroups) throw cut(number);
        table = { at: number, unit: "", ofGroups: text.startsWith("Group"), rows: 0 };
        return true;
      }
      if (!table) return false;
      const units = UNITS.exec(text);
      if (units) {
        table.unit = SYMBOLS[(units[1] ?? "").toLowerCase()] ?? "";
        return true;
      }
      if (/^-+$/.test(text)) return true;
      const row = (table.ofGroups ? GROUP : INSTANCE).exec(text);
      if (!row && table.ofGroups) throw cut(number);
      if (!row) {
        table = null;
        return false;
      }
      if (table.ofGroups) write(row[1]!, row.slice(2));
      else write(row[5]!, row.slice(1, 5));
      if (table.ofGroups && row[1] === "Total") table = null;
      return true;
    },
    blank() {
      if (table && !table.ofGroups && table.rows > 0) table = null;
    },
    end(count: number) {
      if (table?.ofGroups || table?.rows === 0) throw cut(count);
    },
  };
}
