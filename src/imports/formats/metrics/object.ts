import { type Cell, ParseError, type Parser } from "../format.ts";
import { flat, isObject } from "../json/flat.ts";
import { JsonValues } from "../json/values.ts";

/** Reads a file that is one JSON object of metrics. */
export function metricsObject(onEnd: (fields: Map<string, Cell>) => void): Parser {
  let fields: Map<string, Cell> | undefined;
  const values = new JsonValues((value, line, inArray) => {
    if (fields || inArray || !isObject(value)) {
      throw new ParseError("One object with the metrics is expected.", line);
    }
    fields = flat(value);
  });
  return {
    write: (text) => values.write(text),
    end() {
      values.end();
      if (!fields) throw new ParseError("The file holds no metrics.", 1);
      onEnd(fields);
    },
  };
}

/** Names of metrics in the beginning of a JSON file. */
export function keysIn(start: string): string[] {
  if (!/^\ufeff?\s*\{\s*"/.test(start)) return [];
  return [...start.matchAll(/"([^"\\\n]{1,300})"\s*:/g)].map(([, key]) => key!)
    .filter((key) => key.includes("__"));
}

/** `timing__setup__ws__corner:nom_tt` as name and corner. */
export function withoutCorner(key: string): { name: string; corner: string | null } {
  const at = key.lastIndexOf("__corner:");
  if (at < 0) return { name: key, corner: null };
  return { name: key.slice(0, at), corner: key.slice(at + 9) };
}
