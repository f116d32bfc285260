import type { Kind } from "../../workspaces/names.ts";

/** Text is typed from all values of its column; numbers and booleans are taken as they are. */
export type Cell = string | number | boolean | null;

/** What a file says about its run. `run_ts` is ISO 8601, without a zone where the file has none. */
export type Said = {
  tool?: string;
  tool_version?: string;
  design?: string;
  platform?: string;
  variant?: string;
  stage?: string;
  corner?: string;
  run_id?: string;
  run_ts?: string;
};

/** Takes the cells of one row, in the order of the columns it was opened with. */
export type Append = (cells: readonly Cell[]) => void;

/** Where a parser puts what it reads. Nothing is kept in memory. */
export type Output = {
  say(said: Said): void;
  /** The same table may be opened several times, with other columns. */
  table(name: string, columns: readonly string[], kind?: Kind): Append;
  warn(message: string, line?: number): void;
};

/** Takes the text of one file in pieces cut anywhere. Throws ParseError. */
export type Parser = { write(text: string): void; end(): void };

export type Format = {
  /** As users and the API name it, such as `opensta-report_checks`. */
  name: string;
  tool: string | null;
  kind: Kind;
  /** The table whose rows are the records of the file. */
  table: string;
  /** 0 to 1: how sure it is that a file that begins like this (64 KiB) is of this format. */
  recognise(start: string, file: string): number;
  open(out: Output, file: string): Parser;
};

/** The file is not what its format asks for; `line` counts from 1. */
export class ParseError extends Error {
  constructor(message: string, readonly line?: number) {
    super(message);
  }
}
