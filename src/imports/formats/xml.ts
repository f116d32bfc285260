import { SaxesParser } from "saxes";
import { ParseError, type Parser } from "./format.ts";

const DEEPEST = 100;
/** In UTF-16 units, of one text or tag: a picture in a KLayout item is a megabyte. */
const LONGEST_TEXT = 1 << 23;

/** What may precede the root, and how it ends. */
const BEFORE: [begin: string, end: string][] = [["<?", "?>"], ["<!--", "-->"], ["<!", ">"]];

/** The name of a document's first element. */
export function rootOf(start: string): string | undefined {
  let at = /^[\s\ufeff]*/.exec(start)![0].length;
  for (;;) {
    const before = BEFORE.find(([begin]) => start.startsWith(begin, at));
    if (!before) return /^<([\w:.-]{1,100})[\s/>]/.exec(start.slice(at, at + 200))?.[1];
    const end = start.indexOf(before[1], at);
    if (end < 0) return undefined;
    at = end + before[1].length;
    while (at < start.length && /\s/.test(start[at]!)) at++;
  }
}

export type XmlEvents = {
  open(name: string, attributes: Record<string, string>): void;
  /** `text` is between the last tag and this one. */
  close(name: string, text: string): void;
};

/** Streams XML. A document type is refused, so no entities are declared; `path` names open tags. */
export class Xml implements Parser {
  readonly path: string[] = [];
  readonly #parser = new SaxesParser();
  #text = "";
  #since = 0;

  constructor(events: XmlEvents) {
    this.#parser.on("error", ({ message }) => this.fail(message.replace(/^\d+:\d+: /, "")));
    this.#parser.on("doctype", () => this.fail("a document type is not allowed"));
    this.#parser.on("text", (text) => this.#text += text);
    this.#parser.on("cdata", (text) => this.#text += text);
    this.#parser.on("opentag", ({ name, attributes }) => {
      if (this.path.push(name) > DEEPEST) this.fail(`nested deeper than ${DEEPEST} levels`);
      this.#text = "";
      this.#since = 0;
      events.open(name, attributes as Record<string, string>);
    });
    this.#parser.on("closetag", ({ name }) => {
      this.#since = 0;
      events.close(name, this.#text);
      this.#text = "";
      this.path.pop();
    });
  }

  get line(): number {
    return this.#parser.line;
  }

  fail(message: string): never {
    throw new ParseError(`The XML cannot be read: ${message.replace(/\.$/, "")}.`, this.line);
  }

  write(text: string) {
    this.#since += text.length;
    this.#parser.write(text);
    if (this.#since > LONGEST_TEXT) this.fail("one text or tag is longer than 8 MiB");
  }

  end() {
    this.#parser.close();
  }
}
