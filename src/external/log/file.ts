import { dirname } from "node:path";

/** `further`: the name of the file where other processes hold the first ones. */
type Options = {
  path: string;
  further: (n: number) => string;
  maxBytes: number;
  files: number;
  warn: (message: string, fields?: { path: string; code?: string }) => void;
};

const MOST_PROCESSES = 100;
const RETRY_MS = 10_000;
const CHECK_MS = 1_000;
const ENCODER = new TextEncoder();
const encoded = (lines: string[]) => ENCODER.encode(`${lines.join("\n")}\n`);

/** A log file that is rotated by size: `app.log`, `app.log.1`, … A fault is one warning, and passes. */
export class LogFile {
  readonly #options: Options;
  #open: { file: Deno.FsFile; path: string; size: number; ino: number | null } | undefined;
  #checkAt = 0;
  #retryAt = 0;
  #isFailing = false;
  #isTorn = false;

  constructor(options: Options) {
    this.#options = options;
  }

  write(lines: string[]): void {
    const now = Date.now();
    if (now < this.#retryAt) return;
    try {
      if (this.#open && now >= this.#checkAt && !isThere(this.#open)) this.close();
      if (now >= this.#checkAt) this.#checkAt = now + CHECK_MS;
      const all = encoded(lines);
      if (this.#fits(all)) this.#write(all);
      else for (const line of lines) this.#write(encoded([line]));
      this.#retryAt = 0;
      this.#isFailing = false;
    } catch (error) {
      this.close();
      this.#retryAt = now + RETRY_MS;
      if (this.#isFailing) return;
      this.#isFailing = true;
      const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
      this.#options.warn("The log file cannot be written: the log goes to the terminal only.", {
        path: this.#options.path,
        ...(code ? { code } : {}),
      });
    }
  }

  close(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }

  #fits({ length }: Uint8Array): boolean {
    const { size } = this.#open ??= this.#take();
    return size + length <= this.#options.maxBytes;
  }

  #write(bytes: Uint8Array) {
    if (!this.#fits(bytes) && this.#open!.size > 0) this.#rotate(this.#open!.path);
    const open = this.#open ??= this.#take();
    if (this.#isTorn) open.size += open.file.writeSync(encoded([""]));
    for (let written = 0; written < bytes.length; this.#isTorn = written < bytes.length) {
      written += open.file.writeSync(bytes.subarray(written));
    }
    open.size += bytes.length;
  }

  /** Takes the first file that no other process holds; the lock ends with its process. */
  #take() {
    const { path: first, further } = this.#options;
    Deno.mkdirSync(dirname(first), { recursive: true });
    for (let n = 0; n < MOST_PROCESSES; n++) {
      const path = n === 0 ? first : further(n);
      const file = Deno.openSync(path, { create: true, append: true, mode: 0o640 });
      if (file.tryLockSync(true)) {
        const { size, ino } = file.statSync();
        return { file, path, size, ino };
      }
      file.close();
    }
    throw new Error("too many processes");
  }

  #rotate(path: string) {
    this.close();
    for (let n = this.#options.files - 1; n > 0; n--) {
      try {
        Deno.renameSync(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
}

function isThere({ path, ino }: { path: string; ino: number | null }): boolean {
  try {
    return Deno.statSync(path).ino === ino;
  } catch {
    return false;
  }
}
