/** A time of day. */
export type Schedule = { hour: number; minute: number; zone: string };

export const nameOf = ({ hour, minute, zone }: Schedule) =>
  `${timeOf(hour)}:${timeOf(minute)} ${zone}`;
const timeOf = (part: number) => String(part).padStart(2, "0");

/**
 * The last time at or before `now`, one for each day: a time that the clock skips is when it goes on, of one
 * that it shows twice the first counts.
 */
export function lastDue({ hour, minute, zone }: Schedule, now: Date): Date {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone)
    .toPlainDate();
  const plainTime = Temporal.PlainTime.from({ hour, minute });
  const on = (days: number) =>
    today.subtract({ days }).toZonedDateTime({ timeZone: zone, plainTime }).epochMilliseconds;
  return new Date(on(0) <= now.getTime() ? on(0) : on(1));
}

/** "Mon 30 Nov, 08:30 (Europe/Berlin)". */
export function spoken(at: Date, zone: string): string {
  const part = (options: Intl.DateTimeFormatOptions) =>
    at.toLocaleString("en-GB", { timeZone: zone, hourCycle: "h23", ...options });
  const day = part({ weekday: "short", day: "numeric", month: "short" }).replace(",", "");
  return `${day}, ${part({ hour: "2-digit", minute: "2-digit" })} (${zone})`;
}
