import type { Cell, Format, Said } from "../../../src/imports/formats/format.ts";

export type Row = Record<string, Cell>;
export type Collected = {
  said: Said;
  tables: Record<string, Row[]>;
  warnings: { message: string; line?: number }[];
};

/** Runs a format over one file's text, whole or in pieces. Throws ParseError as the format does. */
export function collect(
  format: Format,
  text: string | Iterable<string>,
  file = "report",
): Collected {
  const all: Collected = { said: {}, tables: {}, warnings: [] };
  const parser = format.open({
    say: (said) => Object.assign(all.said, said),
    table(name, columns) {
      if (new Set(columns).size < columns.length) throw new Error(`${name}: a column twice`);
      const rows = all.tables[name] ??= [];
      return (cells) => {
        if (cells.length !== columns.length) throw new Error(`${name}: ${cells.length} cells`);
        rows.push(Object.fromEntries(columns.map((column, i) => [column, cells[i]!])));
      };
    },
    warn: (message, line) =>
      all.warnings.push(line === undefined ? { message } : { message, line }),
  }, file);
  for (const piece of typeof text === "string" ? [text] : text) parser.write(piece);
  parser.end();
  return all;
}

/** The text cut at borders that `next` (0 to 1) chooses; pieces of 1 to `longest` characters. */
export function* pieces(text: string, longest: number, next: () => number): Iterable<string> {
  for (let from = 0; from < text.length;) {
    const to = from + 1 + Math.floor(next() * longest);
    yield text.slice(from, to);
    from = to;
  }
}

/** Numbers from 0 to 1, the same in every run for one seed. */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
