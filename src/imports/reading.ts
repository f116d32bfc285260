import { AppError } from "../errors.ts";
import type { SpoolFolder } from "../external/spool_folder.ts";
import type { CopyPlan, Fault, FromWorker, Parsed, Start, ToWorker } from "./worker/messages.ts";

/** Pieces of a body that the worker has not taken yet. */
const MOST_UNTAKEN = 8;
const PIECE_BYTES = 64 * 1024;
/** A caller that sends nothing for so long has left; a worker that takes nothing hangs. */
const STALLED_MS = 60_000;
const HANGS_MS = 60_000;

/** Cells of one row of a file. */
export type RowKey = { file: number; cells: (string | null)[] };

/** The content of a call, read and spooled; gone with its scope. */
export type Reading = Parsed & {
  /** The different values that these columns have in the rows of a table, together, by file. */
  keys(table: number, columns: number[]): Promise<RowKey[]>;
  /** The first rows of files in a table; `columns`: which ones, by file, none for the others. */
  firstRows(table: number, columns: (number[] | undefined)[], most: number): Promise<RowKey[]>;
  /** The rows of a table, as COPY takes them. */
  lines(table: number, plan: CopyPlan): AsyncIterable<Uint8Array>;
  [Symbol.asyncDispose](): Promise<void>;
};

function faultError({ code, status, message, file, line }: Fault): AppError {
  const at = [file ?? [], line === undefined ? [] : `line ${line}`].flat().join(", ");
  const error = new AppError(code, status, at ? `${at}: ${message}` : message);
  return line === undefined ? error : Object.assign(error, { more: { ...error.more, line } });
}

/** A worker and what it says, a message at a time. */
function startWorker() {
  const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module" });
  const heard: FromWorker[] = [];
  let fault: Error | undefined;
  let wake = () => {};
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if ("fault" in data) fault ??= faultError(data.fault);
    else if ("crash" in data) fault ??= new Error(data.crash);
    else heard.push(data);
    wake();
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fault ??= new Error(event.message);
    wake();
  };
  return {
    send: (message: ToWorker, transfer: Transferable[] = []) =>
      worker.postMessage(message, transfer),
    /** The next message. Throws what the worker found wrong, and the signal's reason. */
    async hear(signal: AbortSignal): Promise<FromWorker> {
      const timer = setTimeout(() => (fault ??= unreadable(), wake()), HANGS_MS);
      const stop = () => wake();
      signal.addEventListener("abort", stop);
      try {
        for (;;) {
          signal.throwIfAborted();
          if (fault) throw fault;
          const message = heard.shift();
          if (message) return message;
          await new Promise<void>((resolve) => wake = resolve);
        }
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
      }
    },
    stop: () => worker.terminate(),
  };
}
type Reader = ReturnType<typeof startWorker>;

const unreadable = () =>
  new AppError("file_unreadable", 422, "Reading the file took too long: is it damaged?");

/** The body's next piece. Throws 400 `upload_stalled`. */
async function nextPiece(reader: ReadableStreamDefaultReader<Uint8Array>, signal: AbortSignal) {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const stalled = new AppError(
    "upload_stalled",
    400,
    `Nothing was sent for ${STALLED_MS / 1000} s: send the files again.`,
  );
  const timer = setTimeout(() => reject(stalled), STALLED_MS);
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([reader.read(), late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    yield bytes.slice(at, at + PIECE_BYTES);
  }
}

function tooMuch(most_bytes: number): AppError {
  const most = `${Math.round(most_bytes / 1024 / 1024).toLocaleString("en")} MiB`;
  return new AppError(
    "body_too_large",
    413,
    `A call may have at most ${most}, also unpacked: send fewer files, or raise IMPORT_MAX_MB.`,
  );
}

/** Hands the body to the worker, no faster than it reads. */
async function pump(
  worker: Reader,
  body: ReadableStream<Uint8Array> | null,
  most_bytes: number,
  signal: AbortSignal,
) {
  const reader = body?.getReader();
  let untaken = 0;
  let bytes = 0;
  const taken = async () => {
    await worker.hear(signal);
    untaken--;
  };
  try {
    while (reader) {
      const { value, done } = await nextPiece(reader, signal);
      if (done) break;
      bytes += value.length;
      if (bytes > most_bytes) throw tooMuch(most_bytes);
      for (const chunk of pieces(value)) {
        while (untaken >= MOST_UNTAKEN) await taken();
        worker.send({ chunk }, [chunk.buffer as ArrayBuffer]);
        untaken++;
      }
    }
    while (untaken > 0) await taken();
  } finally {
    reader?.cancel().catch(() => {});
  }
}

async function* linesOf(worker: Reader, table: number, plan: CopyPlan, signal: AbortSignal) {
  worker.send({ copy: { table, plan } });
  worker.send({ next: true });
  for (;;) {
    const said = await worker.hear(signal);
    if (!("block" in said) || !said.block) return;
    worker.send({ next: true });
    yield said.block;
  }
}

/** What can be asked of a worker that has read everything. */
function askingOf(
  worker: Reader,
  signal: AbortSignal,
): Pick<Reading, "keys" | "firstRows" | "lines"> {
  return {
    async keys(table, columns) {
      worker.send({ keys: { table, columns } });
      const said = await worker.hear(signal);
      if ("keys" in said && said.keys) return said.keys;
      throw new AppError("too_many_runs", 422, "The file has more than 100,000 different runs.");
    },
    async firstRows(table, columns, most) {
      worker.send({ first: { table, columns, most } });
      const said = await worker.hear(signal);
      if ("first" in said) return said.first;
      throw new Error("the worker did not read the first rows");
    },
    lines: (table, plan) => linesOf(worker, table, plan, signal),
  };
}

/** Reads a call's body in a worker. Throws 400, 413 and 422 for what is wrong with it. */
export async function readBody(
  { spool, most_bytes }: { spool: SpoolFolder; most_bytes: number },
  body: ReadableStream<Uint8Array> | null,
  start: Omit<Start, "folder" | "most_bytes">,
  signal: AbortSignal,
): Promise<Reading> {
  const folder = await spool.make();
  const worker = startWorker();
  const end = async () => {
    worker.stop();
    await spool.remove(folder);
  };
  try {
    await worker.hear(signal); // it is ready
    worker.send({ start: { ...start, folder, most_bytes } });
    await pump(worker, body, most_bytes, signal);
    worker.send({ end: true });
    const said = await worker.hear(signal);
    if (!("parsed" in said)) throw new Error("the worker did not finish");
    return { ...said.parsed, ...askingOf(worker, signal), [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}
