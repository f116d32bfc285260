import { type Append, type Format, type Output, ParseError, type Parser } from "../format.ts";
import { type Destination, destinationOf } from "../tables/destination.ts";
import { placed } from "../tables/placed.ts";
import { checkColumns } from "../tables/header.ts";
import { type Fields, flat, isObject, rowsOf } from "./flat.ts";
import { JsonValues } from "./values.ts";

/** Rows whose columns may differ: the table is opened once for each set of columns. */
function rowsInto(out: Output, file: string) {
  const appends = new Map<string, Append>();
  const columns = new Set<string>();
  let to: Destination | undefined;
  let own = new Map<string, string>();
  const opened = (fields: Fields, line: number): Append => {
    for (const name of fields.keys()) columns.add(name);
    checkColumns(columns, line);
    if (!to) {
      const first = [...fields.keys()];
      to = destinationOf(first, file, "json");
      const places = to.isCanonical ? [] : placed(first, [[...fields.values()].map(String)]);
      own = new Map(places.map(({ name, from }) => [first[from]!, name]));
    }
    return out.table(to.table, [...fields.keys()].map((name) => own.get(name) ?? name), to.kind);
  };
  return (fields: Fields, line: number) => {
    if (fields.size === 0) return;
    const key = JSON.stringify([...fields.keys()]);
    const append = appends.get(key) ?? opened(fields, line);
    if (appends.size < 1_000) appends.set(key, append);
    append([...fields.values()]);
  };
}

function open(out: Output, file: string): Parser {
  const add = rowsInto(out, file);
  let [seen, began] = [0, 1];
  let only: Record<string, unknown> | undefined;
  const values = new JsonValues((value, line, inArray) => {
    if (!isObject(value)) throw new ParseError("An object is expected.", line);
    if (seen++ === 0 && !inArray) {
      [only, began] = [value, line];
      return;
    }
    if (only) add(flat(only), began);
    only = undefined;
    add(flat(value), line);
  });
  return {
    write: (text) => values.write(text),
    end() {
      values.end();
      if (only) { for (const fields of rowsOf(only)) add(fields, began); }
      if (seen === 0) throw new ParseError("The file holds no objects.", 1);
    },
  };
}

const LINES = /^\ufeff?\s*\{[^\n]*\}[ \t\r]*\n\s*\{/;

const shared = { tool: null, kind: "qor", table: "json", open } as const;

/** RFC 8259: an array of objects, or one object; nested ones become columns. */
export const json: Format = {
  ...shared,
  name: "json",
  recognise: (start) =>
    /^\ufeff?\s*(?:\{\s*["}]|\[\s*[{\]])/.test(start) && !LINES.test(start) ? 0.4 : 0,
};

/** An object a line (jsonlines.org). */
export const jsonLines: Format = {
  ...shared,
  name: "json-lines",
  recognise: (start) => LINES.test(start) ? 0.5 : 0,
};
