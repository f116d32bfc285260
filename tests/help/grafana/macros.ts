/** Both in ms since 1970. */
export type Range = { from: number; to: number };

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 };
UNITS.d = 24 * UNITS.h!;
UNITS.w = 7 * UNITS.d;
// A Grafana goes by the calendar; no board here hangs on it.
UNITS.M = 30 * UNITS.d;
UNITS.y = 365 * UNITS.d;

/** Reads `now`, `now-2d`, `now/d`, ms since 1970 or an ISO time. Throws for anything else. */
export function rangeOf(from = "now-6h", to = "now"): Range {
  const now = Date.now();
  return { from: instant(String(from), now, Math.floor), to: instant(String(to), now, Math.ceil) };
}

function instant(text: string, now: number, round: (n: number) => number): number {
  if (/^-?\d+$/.test(text)) return Number(text);
  const match = /^now(?:([+-])(\d+)([smhdwMy]))?(?:\/([smhdwMy]))?$/.exec(text);
  const time = match ? now : Date.parse(text);
  if (Number.isNaN(time)) throw new Error(`No time: ${text}`);
  const [, sign, count, unit, rounded] = match ?? [];
  const moved = unit ? time + Number(`${sign}${count}`) * UNITS[unit]! : time;
  return rounded ? round(moved / UNITS[rounded]!) * UNITS[rounded]! : moved;
}

function quotedTime(ms: number): string {
  return `'${new Date(ms).toISOString()}'`;
}

/** Replaces the server's macros for PostgreSQL; variables are the page's business. */
export function expand(sql: string, { from, to }: Range, intervalMs: number): string {
  const [start, end] = [quotedTime(from), quotedTime(to)];
  return sql
    .replaceAll("$__interval_ms", String(intervalMs))
    .replaceAll("$__interval", `${Math.max(1, Math.round(intervalMs / 1000))}s`)
    .replace(/\$__timeFilter\(([^)]*)\)/g, `$1 BETWEEN ${start} AND ${end}`)
    .replace(/\$__timeFrom\(\)/g, start)
    .replace(/\$__timeTo\(\)/g, end)
    .replace(
      /\$__timeGroup(Alias)?\(([^,)]*),\s*'?(\d+)([smhdwMy])'?[^)]*\)/g,
      (_, alias, column, count, unit) => {
        const step = Number(count) * UNITS[unit]! / 1000;
        return `floor(extract(epoch from ${column})/${step})*${step}${alias ? ' AS "time"' : ""}`;
      },
    );
}
