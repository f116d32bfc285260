/// <reference lib="deno.worker" />
import { catchUncaught } from "../../external/uncaught.ts";
import { taskLog } from "../../external/log/open.ts";
import type { Kind } from "../../workspaces/names.ts";
import { openBody, type Part } from "./body.ts";
import { counterTo, IncomingFile } from "./file.ts";
import { firstRows } from "./first_rows.ts";
import { rowKeys } from "./keys.ts";
import { copyLines } from "./lines.ts";
import type { FromWorker, Parsed, ParsedFile, Start, ToWorker } from "./messages.ts";
import { Refusal, refusal } from "./refusal.ts";
import { SpooledTable } from "./table.ts";

const post = (message: FromWorker, transfer: Transferable[] = []) =>
  self.postMessage(message, transfer);

catchUncaught(taskLog(), (error) => failed(error));

function failed(error: unknown): void {
  if (error instanceof Refusal) post({ fault: error.fault });
  else post({ crash: error instanceof Error ? error.stack ?? error.message : String(error) });
}

const tables: SpooledTable[] = [];
const files: ParsedFile[] = [];
const fields: Parsed["fields"] = [];
let body: ReturnType<typeof openBody>;
let blocks: Iterator<Uint8Array>;

function tableIn(folder: string, kind: Kind, name: string): SpooledTable {
  const known = tables.find((table) => table.kind === kind && table.name === name);
  if (known) return known;
  const made = new SpooledTable(kind, name, `${folder}/${tables.length}`);
  tables.push(made);
  return made;
}

function takeField(field: [name: string, value: string]) {
  const [name] = field;
  if (files.length > 0 && (name === "format" || name === "kind")) {
    throw refusal("invalid_input", `Send the field \`${name}\` before the files.`);
  }
  fields.push(field);
}

function begin(start: Start) {
  let file: IncomingFile | undefined;
  const count = counterTo(start.most_bytes);
  const said = (name: "format" | "kind") => fields.findLast(([field]) => field === name)?.[1];
  const openFile = (name: string | null) =>
    new IncomingFile({
      n: files.length,
      file: name,
      format: start.format ?? said("format") ?? null,
      kind: start.kind ?? said("kind") as Kind ?? null,
      count,
      tableOf: (kind, name) => tableIn(start.folder, kind, name),
    });
  body = openBody(start, async (part: Part) => {
    if ("field" in part) takeField(part.field);
    else if ("file" in part) file = openFile(part.file);
    else if ("bytes" in part) await file!.write(part.bytes);
    else files.push(await file!.end());
  });
}

function parsed(): Parsed {
  for (const { spool } of tables) spool.close();
  return {
    files,
    fields,
    tables: tables.map(({ kind, name, columns, rows, openings }) => ({
      kind,
      name,
      rows: [...rows].map((count) => count ?? 0),
      columns: columns.map(({ name, wanted, guess }) => {
        const { is_empty, varies } = guess;
        return { name, type: guess.type(wanted), is_empty, varies };
      }),
      openings: openings.map(({ file, at }) => ({ file, columns: at })),
    })),
  };
}

async function handle(message: ToWorker): Promise<void> {
  if ("start" in message) begin(message.start);
  else if ("chunk" in message) {
    await body.write(message.chunk);
    post({ taken: true });
  } else if ("end" in message) {
    await body.end();
    post({ parsed: parsed() });
  } else if ("keys" in message) {
    const { table, columns } = message.keys;
    post({ keys: rowKeys(tables[table]!, columns) });
  } else if ("first" in message) {
    const { table, columns, most } = message.first;
    post({ first: firstRows(tables[table]!, columns, most) });
  } else if ("copy" in message) {
    const { table, plan } = message.copy;
    blocks = copyLines(tables[table]!, plan);
  } else {
    const { value, done } = blocks.next();
    post({ block: done ? null : value }, done ? [] : [value.buffer as ArrayBuffer]);
  }
}

let last = Promise.resolve();
self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  last = last.then(() => handle(data)).catch(failed);
};
post({ ready: true });
