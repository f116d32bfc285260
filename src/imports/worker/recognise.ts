import type { Format } from "../formats/format.ts";
import { FORMATS } from "../formats/registry.ts";
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

/** The format of a file that begins like this; `wanted`: as the call names it. */
export function formatOf(start: string, file: string | null, wanted: string | null): Format {
  if (wanted !== null) return named(wanted);
  if (start.trim() === "") throw refusal("file_empty", "The file is empty.", { file });
  const found = FORMATS.map((format) => ({ format, sure: format.recognise(start, file ?? "") }))
    .filter(({ sure }) => sure > 0).sort((a, b) => b.sure - a.sure);
  const [best] = found;
  if (best && best.sure >= LEAST_SURE) return best.format;
  const nearest = found.slice(0, MOST_NEAREST).map(({ format }) => format.name);
  const near = nearest.length > 0 ? ` Nearest: ${nearest.join(", ")}.` : "";
  const message =
    `The format of the file was not recognized.${near} Name it with the field \`format\`, or send CSV or JSON.`;
  throw refusal("format_unknown", message, { file });
}
