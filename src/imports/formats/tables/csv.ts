import { type Append, type Format, type Output, ParseError, type Parser } from "../format.ts";
import { placed } from "./placed.ts";
import { delimited, type OnRow } from "./delimited.ts";
import { destinationOf } from "./destination.ts";
import { type Dialect, dialectOf, isBlank } from "./dialect.ts";
import { columnNames } from "./header.ts";
import { withLineFeeds } from "./line_ends.ts";
import { isNotRun, knownTable } from "./tools.ts";

const HEAD = 1 << 16;
/** Enough to recognise a table by. */
const SAMPLE = 1 << 14;
const MOST_WARNINGS = 20;

const DECIMAL_COMMA = /^[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?(?:[eE][-+]?\d+)?%?$/;
const pointed = (cell: string) =>
  DECIMAL_COMMA.test(cell) && /[.,]/.test(cell) ? cell.replaceAll(".", "").replace(",", ".") : cell;

/** Cuts or fills a row that is not as wide as the header. */
function fitting(width: number, warn: Output["warn"]) {
  let short = 0;
  const fitted = (cells: string[], line: number, isOpen: boolean): string[] => {
    const { length } = cells;
    if (length > width) {
      if (isBlank(cells.slice(width))) return cells.slice(0, width);
      throw new ParseError(`The row has ${length} cells, the header ${width}.`, line);
    }
    if (isOpen) throw new ParseError("The last row is cut.", line);
    if (++short <= MOST_WARNINGS) {
      warn(`The row has ${length} cells, the header ${width}: the rest is empty.`, line);
    }
    return [...cells, ...Array(width - length).fill("")];
  };
  const end = () => {
    if (short > MOST_WARNINGS) warn(`${short} rows in all have fewer cells than the header.`);
  };
  return { fitted, end };
}

type Body = { onRow: OnRow; end(): void };

/** Rows after the header. */
function bodyOf(out: Output, file: string, names: string[], dialect: Dialect): Body {
  const known = knownTable(names);
  if (known) out.say({ tool: known.tool });
  const { kind, table, isCanonical } = destinationOf(names, file, "csv");
  const sample = dialect.rows.slice(dialect.skip + 1);
  const columns = isCanonical ? names.map((name, from) => ({ name, from })) : placed(names, sample);
  const append: Append = out.table(table, columns.map(({ name }) => name), kind);
  const { fitted, end } = fitting(names.length, out.warn);
  let version = known?.version ? names.indexOf(known.version) : -1;
  const cellOf = (raw: string) => {
    const cell = raw.trim();
    if (cell === "" || known && isNotRun(cell)) return null;
    return dialect.decimalComma ? pointed(cell) : cell;
  };
  const onRow: OnRow = (cells, line, isOpen) => {
    if (isBlank(cells)) return;
    const own = cells.length === names.length ? cells : fitted(cells, line, isOpen);
    if (version >= 0) out.say({ tool_version: own[version]!.trim() });
    version = -1;
    append(columns.map(({ from }) => cellOf(own[from]!)));
  };
  return { onRow, end };
}

/** A last column without name and cells is a delimiter at the line's end. */
function headerCells(cells: string[], { rows, skip }: Dialect): string[] {
  const isEmpty = cells.length > 1 && cells.at(-1)!.trim() === "" &&
    rows.slice(skip + 1).every((row) => !row[cells.length - 1]?.trim());
  return isEmpty ? cells.slice(0, -1) : cells;
}

function rowsOf(out: Output, file: string, dialect: Dialect): Parser {
  let index = 0;
  let body: Body | undefined;
  const onRow: OnRow = (cells, line, isOpen) => {
    if (body) return body.onRow(cells, line, isOpen);
    if (index++ < dialect.skip) {
      if (!isBlank(cells)) out.warn("A line above the header was left out.", line);
      return;
    }
    if (isBlank(cells)) return;
    const warn = (message: string) => out.warn(message, line);
    body = bodyOf(out, file, columnNames(headerCells(cells, dialect), line, warn), dialect);
  };
  const rows = delimited(dialect.delimiter, dialect.sepLine ? 2 : 1, onRow);
  return {
    write: rows.write,
    end() {
      rows.end();
      if (!body) throw new ParseError("The file has no header.", 1);
      body.end();
    },
  };
}

function open(out: Output, file: string): Parser {
  let head = "";
  let rows: Parser | undefined;
  const start = (goesOn: boolean) => {
    const dialect = dialectOf(head, goesOn);
    rows = rowsOf(out, file, dialect);
    rows.write(dialect.sepLine ? head.slice(head.indexOf("\n") + 1) : head);
    head = "";
    return rows;
  };
  return withLineFeeds({
    write(text) {
      if (rows) return rows.write(text);
      head += text;
      if (head.length >= HEAD) start(true);
    },
    end: () => (rows ?? start(false)).end(),
  });
}

const NAME = /\.(?:csv|tsv|psv)(?:\.gz)?$/i;
const RULE = /[-=+*#]{5}/;

function sureness(isOf: (delimiter: string) => boolean) {
  return (start: string, file: string): number => {
    const all = start.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
    if (/^\s*[<{[]/.test(all) || all.trim() === "") return 0;
    const text = all.slice(0, Math.max(SAMPLE, 3 * all.indexOf("\n")));
    const goesOn = text.length < all.length || start.length >= HEAD;
    const { delimiter, rows, skip, share } = dialectOf(text, goesOn);
    const header = rows[skip] ?? [];
    if (!isOf(delimiter) || RULE.test(header.join("")) || header[0]?.trim().startsWith("+")) {
      return 0;
    }
    const isNamed = NAME.test(file);
    if (share < 0.8 || delimiter === "|" && !isNamed) return isNamed ? 0.3 : 0;
    return isNamed ? 0.7 : rows.length > skip + 1 && share > 0.95 ? 0.5 : 0;
  };
}

const shared = { tool: null, kind: "qor", table: "csv", open } as const;

/** Comma-, semicolon- and pipe-separated values: RFC 4180, and what spreadsheets and pandas write. */
export const csv: Format = {
  ...shared,
  name: "csv",
  recognise: sureness((delimiter) => delimiter !== "\t"),
};

/** Tab-separated values, quoted as in RFC 4180. */
export const tsv: Format = {
  ...shared,
  name: "tsv",
  recognise: sureness((delimiter) => delimiter === "\t"),
};
