// Times are shown in the zone of the address (`?timezone=utc|browser|<IANA name>`), in UTC without one.

/** The zone's name, as Intl knows it. What is no zone counts as UTC. */
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
/** No zone changes its clocks within a quarter of an hour: Intl is not asked for every row (3 µs each). */
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

/**
 * What the zone's clocks show at this moment (ms), as a time in UTC: axes and texts that write UTC then
 * write the zone. Only the hour that autumn repeats is drawn over itself.
 */
export function onClock(ms) {
  return ZONE === "UTC" || ms === null || !(Math.abs(ms) <= 8.64e15) ? ms : ms + offsetAt(ms);
}
