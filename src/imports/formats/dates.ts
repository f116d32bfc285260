import { MONTHS } from "../../measures/names/cells.ts";

const CTIME = /\b([A-Z][a-z]{2}) +(\d{1,2}),? +(\d{2}:\d{2}:\d{2})(?: [A-Z]{3,4})? +(\d{4})\b/;

/** `Wed Dec  4 12:31:28 2019` as ISO 8601, without a zone: its letters are ambiguous. */
export function ctime(text: string): string | undefined {
  const [, month, day, time, year] = text.match(CTIME) ?? [];
  const at = month ? MONTHS.indexOf(month.toLowerCase()) : -1;
  if (at < 0 || at % 3 > 0) return undefined;
  const number = at / 3 + 1;
  return `${year}-${String(number).padStart(2, "0")}-${day!.padStart(2, "0")}T${time}`;
}
