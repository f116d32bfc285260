import { DEADLINES, withDeadline } from "../external/postgres/deadlines.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import { adminOnly, type Who } from "../who.ts";
import { type EntryFilter, listEntries } from "./store.ts";

const COLUMNS = ["id", "at", "actor", "action", "subject", "user_id", "from", "outcome"] as const;
const AT_ONCE = 1000;

/** What a spreadsheet would run as a formula gets an apostrophe in front. */
function cell(value: string | number | null): string {
  const text = typeof value === "string" && /^[=+\-@\t\r\n]/.test(value)
    ? `'${value}`
    : `${value ?? ""}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line of CSV (RFC 4180). */
export const csvLine = (values: readonly (string | number | null)[]) =>
  `${values.map(cell).join(",")}\r\n`;

/** All entries that match, newest first, as a stream of CSV. Admins only. */
export function auditCsv(db: Sql, who: Who, filter: EntryFilter): ReadableStream<Uint8Array> {
  adminOnly(who);
  const utf8 = new TextEncoder();
  let below = Number.MAX_SAFE_INTEGER;
  return new ReadableStream({
    start: (stream) => stream.enqueue(utf8.encode(csvLine(COLUMNS))),
    async pull(stream) {
      const entries = await withDeadline(
        DEADLINES.call,
        () => listEntries(db, filter, below, AT_ONCE),
      );
      below = entries.at(-1)?.id ?? 0;
      const lines = entries.map((entry) => csvLine(COLUMNS.map((name) => entry[name])));
      if (lines.length > 0) stream.enqueue(utf8.encode(lines.join("")));
      if (entries.length < AT_ONCE) stream.close();
    },
  });
}
