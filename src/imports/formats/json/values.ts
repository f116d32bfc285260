import { ParseError, type Parser } from "../format.ts";

/** In UTF-16 units: one value is held in memory. */
const LONGEST_VALUE = 1 << 24;
const DEEPEST = 100;

/** `inArray`: the file is one array, the value an element of it. */
export type OnValue = (value: unknown, line: number, inArray: boolean) => void;

const UNQUOTED = /"(?:[^"\\]|\\.)*"|(?<![\w.])[-+]?(?:nan|inf(?:inity)?)(?![\w.])/gis;

/** JSON.parse() that reads the NaN and Infinity of Python and C++ as null. */
function parsed(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(text.replace(UNQUOTED, (one) => one.startsWith('"') ? one : "null"));
    } catch (error) {
      const [, down] = /line (\d+)/.exec((error as Error).message) ?? [];
      throw new ParseError("The JSON is not valid.", line + Number(down ?? 1) - 1);
    }
  }
}

const STRUCTURE = /["{}[\]\n]/g;
const IN_STRING = /["\\\n]/g;

/**
 * The objects of a file: the elements of its one array, or all that follow each other (JSON lines).
 * Throws ParseError for other elements, for a file that ends inside of a value, and beyond limits.
 */
export class JsonValues implements Parser {
  #line = 1;
  #began = 1;
  #depth = 0;
  /** 1 inside of the file's one array. */
  #base = 0;
  #isOver = false;
  #inString = false;
  #isEscaped = false;
  #held = "";

  constructor(readonly onValue: OnValue) {}

  write(text: string) {
    if (!text) return;
    const rest = text.slice(this.#scan(text));
    if (this.#depth === this.#base) return this.#between(rest);
    this.#held += rest;
    if (this.#held.length > LONGEST_VALUE) {
      throw new ParseError("One value is longer than 16 MiB: write JSON lines.", this.#began);
    }
  }

  end() {
    if (this.#depth > 0) {
      throw new ParseError("The file ends inside of a value: is it cut?", this.#line);
    }
  }

  /** Returns where the value that is not over begins. */
  #scan(text: string): number {
    let from = 0;
    for (let at = 0; !this.#isEscaped || at < text.length;) {
      const pattern = this.#inString ? IN_STRING : STRUCTURE;
      pattern.lastIndex = this.#isEscaped ? at + 1 : at;
      this.#isEscaped = false;
      const found = pattern.exec(text);
      if (!found) break;
      at = found.index + 1;
      const [sign] = found;
      if (sign === "\n") this.#line++;
      else if (sign === "\\") this.#isEscaped = true;
      else if (sign === '"') {
        if (this.#depth === this.#base) this.#between(sign);
        this.#inString = !this.#inString;
      } else if (sign === "{" || sign === "[") {
        if (this.#open(sign, text.slice(from, at - 1))) from = sign === "[" ? at : at - 1;
      } else if (this.#close(text.slice(from, at))) from = at;
    }
    return from;
  }

  #between(text: string) {
    if (/[^\s,\ufeff]/.test(text)) {
      throw new ParseError(
        "An array of objects, or objects line by line, is expected.",
        this.#line,
      );
    }
  }

  /** True: a value, or the file's array, begins here. */
  #open(sign: string, before: string): boolean {
    const isFirst = this.#depth === this.#base;
    if (isFirst) {
      this.#between(before);
      if (this.#isOver) throw new ParseError("Text follows the end of the array.", this.#line);
      if (sign === "[" && this.#base === 1) this.#between(sign);
      if (sign === "[") this.#base = 1;
      this.#began = this.#line;
    }
    if (++this.#depth > DEEPEST) {
      throw new ParseError(`Nested deeper than ${DEEPEST} levels.`, this.#line);
    }
    return isFirst;
  }

  /** True: a value, or the file's array, ends here. */
  #close(text: string): boolean {
    if (--this.#depth < 0) throw new ParseError("A bracket closes nothing.", this.#line);
    if (this.#depth < this.#base) {
      this.#between(text.slice(0, -1));
      this.#isOver = true;
      this.#base = 0;
      return true;
    }
    if (this.#depth > this.#base) return false;
    this.onValue(parsed(this.#held + text, this.#began), this.#began, this.#base === 1);
    this.#held = "";
    return true;
  }
}
