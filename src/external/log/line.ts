import type { Fields, Level } from "./log.ts";

export type Entry = { time: string; level: Level; message: string; fields: Fields };
type Redact = (text: string) => string;

/** Fields of these names are never shown. */
const SECRET_NAME = /^(?!key_name$).*(?:password|passwd|secret|token|key|cookie|authorization)/i;
/** What a terminal or an editor acts on, beside what JSON escapes. */
const UNSAFE = /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const escaped = (json: string) =>
  json.replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** As `redact`, run once over all texts where none of them holds anything to blank out. */
function redactFor({ message, fields }: Entry, redact: Redact): Redact {
  const texts = Object.values(fields).filter((value) => typeof value === "string");
  const all = [message, ...texts].join("\n");
  return redact(all) === all ? (text) => text : redact;
}

function shown(fields: Fields, redact: Redact): Fields {
  const all = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(all.map(([name, value]) => {
    if (SECRET_NAME.test(name)) return [name, "…"];
    if (typeof value === "string") return [name, redact(value)];
    return [name, typeof value === "object" && value !== null ? "…" : value];
  }));
}

/** One line of JSON: `time`, `level`, `message`, `request_id` and further fields. */
export function jsonLine(entry: Entry, redact: Redact): string {
  const { time, level, message, fields } = entry;
  const mask = redactFor(entry, redact);
  return escaped(JSON.stringify({ time, level, message: mask(message), ...shown(fields, mask) }));
}

/** One line for a person: time, level, message, `name=value`. */
export function plainLine({ time, level, message, fields }: Entry, redact: Redact): string {
  const pairs = Object.entries(shown(fields, redact)).map(([name, value]) => {
    const text = JSON.stringify(value);
    return `${name}=${/^"[\w./:@…-]+"$/.test(text) ? text.slice(1, -1) : text}`;
  });
  const said = JSON.stringify(redact(message)).slice(1, -1).replaceAll('\\"', '"');
  return escaped([time, level.padEnd(7), said, ...pairs].join(" "));
}
