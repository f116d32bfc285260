import { type Append, type Cell, ParseError } from "../formats/format.ts";
import type { Kind } from "../../workspaces/names.ts";
import { canonicalColumn, type Type } from "../tables.ts";
import { Guess } from "./guess.ts";
import { Spool } from "./spool.ts";

type Column = { name: string; wanted: Type | undefined; guess: Guess };
/** `at`: for each cell, its column in the table. */
export type Opening = { file: number; at: number[] };

/** PostgreSQL's limit, less the columns that each table opens with. */
const MOST_COLUMNS = 1_588;
const MOST_OPENINGS = 10_000;
const MOST_ROW_CHARACTERS = 4 * 1024 * 1024;
const MOST_NAME_BYTES = 63;
const SYSTEM = new Set(["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"]);

const utf8 = new TextEncoder();

/** At most 63 bytes, as PostgreSQL would cut it. */
export function columnName(name: string, at: number): string {
  const clean = name.replaceAll("\0", "").toWellFormed() || `column_${at + 1}`;
  if (SYSTEM.has(clean)) return `${clean}_`;
  let cut = clean;
  while (cut.length > MOST_NAME_BYTES || utf8.encode(cut).length > MOST_NAME_BYTES) {
    cut = [...cut.slice(0, MOST_NAME_BYTES + 1)].slice(0, -1).join("");
  }
  return cut;
}

function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((given, at) => {
    let name = columnName(given, at);
    for (let n = 2; taken.has(name); n++) {
      const end = `_${n}`;
      name = columnName(given, at);
      while (utf8.encode(name + end).length > MOST_NAME_BYTES) {
        name = [...name].slice(0, -1).join("");
      }
      name += end;
    }
    taken.add(name);
    return name;
  });
}

const SPECIAL = /[\\\t\n\r\0]/;
const ESCAPES: Record<string, string> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** In COPY's text format. */
export function copyText(cell: string): string {
  if (!SPECIAL.test(cell)) return cell;
  if (cell.includes("\0")) throw new ParseError("The file holds a NUL character: it is no text.");
  return cell.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]!);
}

/** The rows of one table, on disk: the number of an opening, then its cells in COPY's text format. */
export class SpooledTable {
  readonly columns: Column[] = [];
  readonly openings: Opening[] = [];
  /** By file. */
  readonly rows: number[] = [];
  readonly spool: Spool;
  readonly #byName = new Map<string, number>();

  constructor(readonly kind: Kind, readonly name: string, path: string) {
    this.spool = new Spool(path);
  }

  open(file: number, names: readonly string[]): Append {
    const at = distinctNames(names).map((name) => this.#column(name));
    const own = this.openings.length;
    if (own === MOST_OPENINGS) throw new ParseError("The file has too many different tables.");
    this.openings.push({ file, at });
    const columns = at.map((i) => this.columns[i]!);
    this.rows[file] ??= 0;
    return (cells) => {
      let line = `${own}`;
      for (let i = 0; i < columns.length; i++) line += `\t${cellText(cells[i], columns[i]!)}`;
      if (line.length > MOST_ROW_CHARACTERS) throw new ParseError("A row has more than 4 MiB.");
      this.spool.write(`${line}\n`);
      this.rows[file]!++;
    };
  }

  #column(name: string): number {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    if (this.columns.length === MOST_COLUMNS) {
      throw new ParseError(`The table has more than ${MOST_COLUMNS} columns.`);
    }
    const wanted = canonicalColumn(this.kind, this.name, name)?.type;
    this.columns.push({ name, wanted, guess: new Guess() });
    this.#byName.set(name, this.columns.length - 1);
    return this.columns.length - 1;
  }
}

function cellText(cell: Cell | undefined, { guess, wanted }: Column): string {
  if (cell === null || cell === undefined || cell === "") return "\\N";
  if (typeof cell === "string") {
    if (wanted !== "text") guess.note(cell);
    return copyText(cell);
  }
  if (typeof cell === "boolean") guess.truth();
  else if (!guess.number(cell)) return "\\N";
  return String(cell);
}
