import papaparse from "papaparse";
import { ParseError, type Parser } from "../format.ts";

const BLOCK = 1 << 16;
const LONGEST_ROW = 1 << 22;

/** `line` is where the row begins; `isOpen`: the file ends without a line end after it. */
export type OnRow = (cells: string[], line: number, isOpen: boolean) => void;

type Result = { data: string[][]; errors: { row: number }[]; meta: { cursor: number } };

/** The first rows of a text; of one that goes on, complete ones only. */
export function firstRows(text: string, delimiter: string, goesOn: boolean): string[][] {
  const parser = new papaparse.Parser({ delimiter, newline: "\n", preview: 200 });
  return (parser.parse(text, 0, goesOn) as Result).data;
}

const breaksIn = (cells: string[]) =>
  cells.reduce((sum, cell) => cell.includes("\n") ? sum + cell.split("\n").length - 1 : sum, 0);

/** Rows of delimited text with LF line ends, quoted as in RFC 4180. */
export function delimited(delimiter: string, line: number, onRow: OnRow): Parser {
  const parser = new papaparse.Parser({ delimiter, newline: "\n" });
  let rest = "";
  let wanted = BLOCK;
  const parse = (text: string, isLast: boolean) => {
    const { data, errors, meta } = parser.parse(text, 0, !isLast) as Result;
    const isQuoted = text.includes('"');
    const wrong = errors.find(({ row }) => row < data.length)?.row;
    for (let i = 0; i < data.length; i++) {
      if (i === wrong) throw misquoted(line);
      const cells = data[i]!;
      onRow(cells, line, isLast && i === data.length - 1 && !text.endsWith("\n"));
      line += isQuoted ? 1 + breaksIn(cells) : 1;
    }
    // Of a row that goes on only the last quote can be one that is closed in the next piece.
    if (errors.length > 1) throw misquoted(line);
    return meta.cursor;
  };
  return {
    write(text) {
      rest += text;
      if (rest.length < wanted) return;
      rest = rest.slice(parse(rest, false));
      if (rest.length > LONGEST_ROW) throw tooLong(line);
      wanted = Math.max(BLOCK, 2 * rest.length);
    },
    end() {
      if (rest) parse(rest, true);
    },
  };
}

const misquoted = (line: number) =>
  new ParseError("A quote is not closed, or text follows a closing quote.", line);

const tooLong = (line: number) =>
  new ParseError("The row is longer than 4 MiB. Is a quote left open?", line);
