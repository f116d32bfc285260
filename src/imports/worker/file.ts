import { createHash } from "node:crypto";
import { type Output, ParseError, type Parser, type Said } from "../formats/format.ts";
import type { Kind } from "../../workspaces/names.ts";
import { formatOf } from "./recognise.ts";
import { refusal, tooLarge } from "./refusal.ts";
import type { ParsedFile, Warning } from "./messages.ts";
import type { SpooledTable } from "./table.ts";
import { isGzip, Unpacker } from "./unpack.ts";

/** What recognition reads. */
const START_CHARACTERS = 64 * 1024;
const MOST_WARNINGS = 100;

export type FileDeps = {
  /** Number of the file in its call. */
  n: number;
  file: string | null;
  format: string | null;
  kind: Kind | null;
  /** Counts what the call unpacks; throws where it is too much. */
  count: (bytes: number) => void;
  tableOf: (kind: Kind, name: string) => SpooledTable;
};

const decoderFor = (start: Uint8Array) =>
  new TextDecoder(
    start[0] === 0xff && start[1] === 0xfe
      ? "utf-16le"
      : start[0] === 0xfe && start[1] === 0xff
      ? "utf-16be"
      : "utf-8",
  );

/** One file on its way from bytes to tables. */
export class IncomingFile {
  readonly #deps: FileDeps;
  readonly #hash = createHash("sha256");
  readonly #warnings: Warning[] = [];
  readonly #said: Said = {};
  #head: Uint8Array | undefined = new Uint8Array(0);
  #unpacker: Unpacker | undefined;
  #decoder: TextDecoder | undefined;
  #start: string | undefined = "";
  #format: ReturnType<typeof formatOf> | undefined;
  #parser: Parser | undefined;
  #bytes = 0;

  constructor(deps: FileDeps) {
    this.#deps = deps;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#head) {
      const head = new Uint8Array(this.#head.length + bytes.length);
      head.set(this.#head);
      head.set(bytes, this.#head.length);
      if (head.length < 2) return void (this.#head = head);
      this.#head = undefined;
      bytes = head;
      const take = (plain: Uint8Array) => this.#take(plain);
      if (isGzip(head)) this.#unpacker = new Unpacker(take, this.#deps.file);
    }
    if (this.#unpacker) await this.#unpacker.write(bytes);
    else this.#take(bytes);
  }

  #take(bytes: Uint8Array) {
    this.#deps.count(bytes.length);
    this.#bytes += bytes.length;
    this.#hash.update(bytes);
    this.#decoder ??= decoderFor(bytes);
    this.#text(this.#decoder.decode(bytes, { stream: true }));
  }

  #text(text: string) {
    if (this.#start === undefined) return this.#parse((parser) => parser.write(text));
    this.#start += text;
    if (this.#start.length >= START_CHARACTERS) this.#open();
  }

  #open() {
    const { file, format } = this.#deps;
    const start = this.#start!;
    this.#start = undefined;
    this.#format = formatOf(start.slice(0, START_CHARACTERS), file, format);
    this.#parse(() => this.#parser = this.#format!.open(this.#output(), file ?? ""));
    this.#parse((parser) => parser.write(start));
  }

  #parse(work: (parser: Parser) => void) {
    try {
      work(this.#parser!);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      const { file } = this.#deps;
      const { line, message } = error;
      throw refusal("file_broken", message, { file, ...(line === undefined ? {} : { line }) });
    }
  }

  #output(): Output {
    const { n, kind, tableOf } = this.#deps;
    const own = this.#format!.kind;
    return {
      say: (said) => void Object.assign(this.#said, said),
      table: (name, columns, of = own) => tableOf(kind ?? of, name).open(n, columns),
      warn: (message, line) => {
        if (this.#warnings.length <= MOST_WARNINGS) {
          this.#warnings.push({ line: line ?? null, message });
        }
      },
    };
  }

  async end(): Promise<ParsedFile> {
    if (this.#head?.length) this.#take(this.#head);
    await this.#unpacker?.end();
    if (this.#decoder) this.#text(this.#decoder.decode());
    if (this.#start !== undefined) this.#open();
    this.#parse((parser) => parser.end());
    const { file, kind } = this.#deps;
    const format = this.#format!;
    const more = { line: null, message: "There are more warnings." };
    return {
      file,
      format: format.name,
      kind: kind ?? format.kind,
      tool: this.#said.tool ?? format.tool,
      table: format.table,
      said: this.#said,
      hash: this.#hash.digest("hex"),
      bytes: this.#bytes,
      warnings: this.#warnings.length > MOST_WARNINGS
        ? [...this.#warnings.slice(0, MOST_WARNINGS), more]
        : this.#warnings,
    };
  }
}

/** Counts bytes of a call up to `most`; throws a Refusal beyond. */
export function counterTo(most: number): (bytes: number) => void {
  let bytes = 0;
  return (more) => {
    bytes += more;
    if (bytes > most) throw tooLarge(most);
  };
}
