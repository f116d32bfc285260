import { isMissing } from "../../measures/names/cells.ts";
import type { Type } from "../tables.ts";

const INT = 1;
const FLOAT = 2;
const BOOLEAN = 4;
const TIME = 8;
const ANY = 15;

const WHOLE = /^\s*[+-]?(?:0|[1-9]\d{0,17})\s*$/;
const DECIMAL = /^\s*[+-]?(?:\d{1,300}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?\s*$/;
/** A number that is an identifier: `0012`, or more digits than a bigint has. */
const NAME = /^\s*[+-]?(?:0\d+|\d{19,})\s*$/;
const TRUTH = /^\s*(?:true|false)\s*$/i;
const MOMENT =
  /^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?\s?(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?)?\s*$/;

function isMoment(cell: string): boolean {
  const [, year, month, day] = MOMENT.exec(cell)?.map(Number) ?? [];
  if (!year) return false;
  const date = new Date(Date.UTC(year, month! - 1, day));
  return date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
}

/** PostgreSQL refuses 1e999 and 1e-999. */
export const isOutOfRange = (cell: string): boolean => {
  const value = Number(cell);
  return !Number.isFinite(value) || value === 0 && /[1-9]/.test(cell.replace(/[eE].*/, ""));
};

/** The type of a column, from all its cells. */
export class Guess {
  #can = ANY;
  #seen = false;
  /** Cells that a number or a time cannot hold: `N/A`, `1e999`. */
  needs_care = false;
  /** The cells differ. */
  varies = false;
  #first: string | undefined;

  note(cell: string): void {
    this.#first ??= cell;
    if (cell !== this.#first) this.varies = true;
    if (this.#can === 0) return;
    if (WHOLE.test(cell)) this.#narrow(INT | FLOAT);
    else if (DECIMAL.test(cell)) this.#decimal(cell);
    else if (isMissing(cell)) this.needs_care = true;
    else if (TRUTH.test(cell)) this.#narrow(BOOLEAN);
    else this.#narrow(isMoment(cell) ? TIME : 0);
  }

  /** Takes a number that the parser has read; false: it is none. */
  number(value: number): boolean {
    if (!Number.isFinite(value)) return false;
    this.#narrow(Number.isSafeInteger(value) ? INT | FLOAT : FLOAT);
    return true;
  }

  truth(): void {
    this.#narrow(BOOLEAN);
  }

  #decimal(cell: string) {
    if (NAME.test(cell)) return this.#narrow(0);
    if (/[eE]|\d{300}/.test(cell) && isOutOfRange(cell)) this.needs_care = true;
    this.#narrow(FLOAT);
  }

  #narrow(to: number) {
    this.#can &= to;
    this.#seen = true;
  }

  get is_empty(): boolean {
    return !this.#seen;
  }

  /** `wanted`, where all cells have it; undefined: of a column that is not known. */
  type(wanted: Type | undefined): Type {
    if (!this.#seen) return wanted ?? "text";
    const can = (bit: number) => (this.#can & bit) !== 0;
    if (wanted === "text" || this.#can === 0) return "text";
    if (wanted === "double precision" && can(FLOAT)) return wanted;
    if (can(INT)) return "bigint";
    if (can(FLOAT)) return "double precision";
    return can(BOOLEAN) ? "boolean" : "timestamptz";
  }
}
