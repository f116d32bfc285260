const BUFFER_CHARACTERS = 64 * 1024;
const BLOCK_BYTES = 256 * 1024;
const utf8 = new TextEncoder();

/** Lines of text on disk, written once and then read. */
export class Spool {
  readonly #path: string;
  #file: Deno.FsFile | undefined;
  #pending: string[] = [];
  #length = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** With its line feed. */
  write(line: string): void {
    this.#pending.push(line);
    this.#length += line.length;
    if (this.#length >= BUFFER_CHARACTERS) this.#flush();
  }

  #flush() {
    this.#file ??= Deno.openSync(this.#path, { write: true, createNew: true });
    const bytes = utf8.encode(this.#pending.join(""));
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    this.#pending = [];
    this.#length = 0;
  }

  close(): void {
    if (this.#length > 0) this.#flush();
    this.#file?.close();
  }

  /** The lines as bytes without their line feeds, in blocks: each is valid until the next one. */
  *blocks(): Generator<Uint8Array[]> {
    if (!this.#file) return;
    using file = Deno.openSync(this.#path);
    let buffer = new Uint8Array(BLOCK_BYTES);
    let kept = 0;
    for (;;) {
      const read = file.readSync(buffer.subarray(kept));
      if (read === null) return;
      const lines: Uint8Array[] = [];
      const end = kept + read;
      let start = 0;
      for (let at = buffer.indexOf(10, kept); at >= 0 && at < end; at = buffer.indexOf(10, start)) {
        lines.push(buffer.subarray(start, at));
        start = at + 1;
      }
      if (lines.length > 0) yield lines;
      kept = end - start;
      if (start > 0) buffer.copyWithin(0, start, end);
      else if (kept === buffer.length) {
        const larger = new Uint8Array(2 * buffer.length);
        larger.set(buffer);
        buffer = larger;
      }
    }
  }
}
