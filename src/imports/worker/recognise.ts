import type { Format } from "../formats/format.ts";
import { FORMATS } from "../formats/registry.ts";
import { NOT_READ } from "../formats/vendors/vendors.ts";
import { refusal } from "./refusal.ts";

/** Below this, a file is taken for none of the formats. */
const LEAST_SURE = 0.2;
const MOST_NEAREST = 3;

function named(name: string): Format {
  const format = FORMATS.find((one) => one.name === name);
  if (format) return format;
  const names = FORMATS.map(({ name }) => name).sort().join(", ");
  throw refusal("format_unknown", `There is no format "${name}". The formats are ${names}.`);
}

function surest<T extends { recognise(start: string, file: string): number }>(
  formats: readonly T[],
  start: string,
  file: string | null,
) {
  return formats.map((format) => ({ format, sure: format.recognise(start, file ?? "") }))
    .filter(({ sure }) => sure > 0).sort((a, b) => b.sure - a.sure);
}

/** The format of a file that begins like this; `wanted`: as the call names it. */
export function formatOf(start: string, file: string | null, wanted: string | null): Format {
  if (wanted !== null) return named(wanted);
  if (start.trim() === "") throw refusal("file_empty", "The file is empty.", { file });
  const found = surest(FORMATS, start, file);
  const [best] = found;
  const [vendor] = surest(NOT_READ, start, file);
  if (vendor && vendor.sure > (best?.sure ?? 0)) {
    throw refusal("format_unknown", `${vendor.format.title}: not read yet`, { file });
  }
  if (best && best.sure >= LEAST_SURE) return best.format;
  const nearest = found.slice(0, MOST_NEAREST).map(({ format }) => format.name);
  const near = nearest.length > 0 ? ` Nearest: ${nearest.join(", ")}.` : "";
  const message =
    `The format of the file was not recognized.${near} Name it with the field \`format\`, or send CSV or JSON.`;
  throw refusal("format_unknown", message, { file });
}
