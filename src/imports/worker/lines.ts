import { isMissing } from "../../measures/names/cells.ts";
import type { CopyPlan } from "./messages.ts";
import { isOutOfRange } from "./guess.ts";
import { copyText, type Opening, type SpooledTable } from "./table.ts";

const BLOCK_BYTES = 256 * 1024;
const TAB = 9;
const utf8 = new TextEncoder();
const text = new TextDecoder();
const NULL = utf8.encode("\\N");
const ZERO = utf8.encode("0");

type Care = "none" | "missing" | "number";
/** Where the cell of a column comes from: a constant, or a cell of the line, with what its type cannot hold. */
type Source = { constant: Uint8Array } | { cell: number; care: Care; or: Uint8Array };

function withCare(cell: Uint8Array, care: Care): Uint8Array {
  if (care === "none") return cell;
  const said = text.decode(cell);
  if (isMissing(said)) return NULL;
  if (care === "missing" || !isOutOfRange(said)) return cell;
  return Number(said) === 0 ? ZERO : NULL;
}

const NUMBERS = /^(?:smallint|integer|bigint|real|double|numeric)/;

/** Grows as needed, and is handed out in blocks. */
class Block {
  #bytes = new Uint8Array(BLOCK_BYTES + 64 * 1024);
  length = 0;

  push(bytes: Uint8Array): void {
    const end = this.length + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.length);
    this.length = end;
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.push(new Uint8Array([value]));
    else this.#bytes[this.length++] = value;
  }

  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.length);
    this.length = 0;
    return bytes;
  }
}

function sourcesOf(table: SpooledTable, { file, at }: Opening, plan: CopyPlan): Source[] {
  const fills = plan.fills[file]!;
  return plan.columns.map(({ column, type, fill }) => {
    const said = fill === null ? null : fills[fill] ?? null;
    const constant = said === null ? NULL : utf8.encode(copyText(said));
    const cell = column === null ? -1 : at.indexOf(column);
    if (cell < 0) return { constant };
    const isCareful = type !== "text" && table.columns[column!]!.guess.needs_care;
    const care = !isCareful ? "none" : NUMBERS.test(type) ? "number" : "missing";
    return { cell, care, or: constant };
  });
}

/** The cells of a line from `from` on. */
function cellsIn(line: Uint8Array, from: number): Uint8Array[] {
  const cells: Uint8Array[] = [];
  for (let start = from;;) {
    const end = line.indexOf(TAB, start);
    if (end < 0) return [...cells, line.subarray(start)];
    cells.push(line.subarray(start, end));
    start = end + 1;
  }
}

const isNull = (cell: Uint8Array) => cell.length === 2 && cell[0] === 92 && cell[1] === 78;

/** How many cells in a row from the first source on are the line's, in its order and as they are. */
function plainEnd(sources: Source[], cells: number): { start: number; end: number } | undefined {
  const start = sources.findIndex((source) => "cell" in source);
  if (start < 0) return undefined;
  const isPlain = (source: Source | undefined, i: number) =>
    source !== undefined && "cell" in source && source.cell === i && source.care === "none" &&
    isNull(source.or);
  for (let i = 0; i < cells; i++) if (!isPlain(sources[start + i], i)) return undefined;
  const rest = sources.slice(start + cells);
  return rest.every((source) => "constant" in source) ? { start, end: start + cells } : undefined;
}

type Writer = (line: Uint8Array, from: number, block: Block) => void;

function joined(sources: Source[]): Uint8Array {
  return utf8.encode(
    sources.map((source) => "constant" in source ? text.decode(source.constant) : "").join("\t"),
  );
}

/** Copies whole lines between constants where the cells need no care. */
function writerOf(sources: Source[], cells: number): Writer {
  const plain = plainEnd(sources, cells);
  if (plain) {
    const [before, after] = [sources.slice(0, plain.start), sources.slice(plain.end)].map(joined);
    return (line, from, block) => {
      block.push(before!);
      if (plain.start > 0) block.byte(TAB);
      block.push(line.subarray(from));
      if (plain.end < sources.length) block.byte(TAB);
      block.push(after!);
    };
  }
  return (line, from, block) => {
    const own = cellsIn(line, from);
    sources.forEach((source, i) => {
      if (i > 0) block.byte(TAB);
      if ("constant" in source) return block.push(source.constant);
      const cell = withCare(own[source.cell]!, source.care);
      block.push(isNull(cell) ? source.or : cell);
    });
  };
}

/** The rows of a table as COPY takes them, in blocks of about 256 KiB. */
export function* copyLines(table: SpooledTable, plan: CopyPlan): Generator<Uint8Array> {
  const writers = table.openings.map((opening) =>
    writerOf(sourcesOf(table, opening, plan), opening.at.length)
  );
  const block = new Block();
  for (const lines of table.spool.blocks()) {
    for (const line of lines) {
      let opening = 0;
      let at = 0;
      for (; at < line.length && line[at] !== TAB; at++) opening = 10 * opening + line[at]! - 48;
      writers[opening]!(line, at + 1, block);
      block.byte(10);
      if (block.length >= BLOCK_BYTES) yield block.take();
    }
  }
  if (block.length > 0) yield block.take();
}
