// The zone of the address (`?timezone=utc|browser|<IANA name>`), UTC by default.

/** The IANA name; UTC for an unknown zone. */
export const ZONE = zoneOf(new URLSearchParams(location.search).get("timezone") ?? "utc");

function zoneOf(asked) {
  if (asked.toLowerCase() === "utc" || asked === "") return "UTC";
  const timeZone = asked === "browser" ? undefined : asked;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone }).resolvedOptions().timeZone;
  } catch {
    return "UTC";
  }
}

const written = ZONE !== "UTC" &&
  new Intl.DateTimeFormat("en-US", { timeZone: ZONE, timeZoneName: "longOffset" });
/** Zones change on quarter hours at most: Intl costs 3 µs per call. */
const QUARTER = 900_000;
const offsets = new Map();

function offsetAt(ms) {
  const quarter = Math.floor(ms / QUARTER);
  if (!offsets.has(quarter)) {
    const name = written.formatToParts(quarter * QUARTER).at(-1).value;
    const [, sign, hours, minutes, seconds = 0] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ??
      ["", "+", 0, 0];
    const size = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
    offsets.set(quarter, (sign === "-" ? -1 : 1) * size * 1000);
  }
  return offsets.get(quarter);
}

/** Shifts a moment (ms) so that its UTC fields show local time. The repeated hour in autumn overlaps. */
export function onClock(ms) {
  return ZONE === "UTC" || ms === null || !(Math.abs(ms) <= 8.64e15) ? ms : ms + offsetAt(ms);
}
