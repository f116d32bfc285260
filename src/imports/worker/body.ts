import { decodeField, make as makeMultipart, type PartInfo } from "multipasta";
import type { Start } from "./messages.ts";
import { refusal } from "./refusal.ts";
import { Unpacker } from "./unpack.ts";

const MOST_PARTS = 1_000;
const MOST_FIELD_BYTES = 64 * 1024;

/** What a body consists of, in its order. */
export type Part =
  | { field: [name: string, value: string] }
  | { file: string | null }
  | { bytes: Uint8Array }
  | { end: true };

type Body = { write(bytes: Uint8Array): Promise<void>; end(): Promise<void> };
type Take = (part: Part) => Promise<void>;

/** Curl can send a whole path. */
const baseName = (path: string) => path.split(/[/\\]/).at(-1)!.slice(0, 255).toWellFormed();

function rawBody({ file }: Start, take: Take): Body {
  let begun = false;
  const begin = async () => {
    if (!begun) await take({ file });
    begun = true;
  };
  return {
    async write(bytes) {
      await begin();
      await take({ bytes });
    },
    async end() {
      await begin();
      await take({ end: true });
    },
  };
}

const MALFORMED = "The multipart body is broken or cut short.";

function multipartBody({ content_type }: Start, take: Take): Body {
  let parts: Part[] = [];
  let failed = false;
  let parser: ReturnType<typeof makeMultipart>;
  const isFile = ({ filename }: PartInfo) => filename !== undefined;
  try {
    parser = makeMultipart({
      headers: { "content-type": content_type! },
      maxParts: MOST_PARTS,
      maxFieldSize: MOST_FIELD_BYTES,
      isFile,
      onField: (info, value) => parts.push({ field: [info.name, decodeField(info, value)] }),
      onFile: ({ filename }) => {
        parts.push({ file: filename ? baseName(filename) : null });
        return (bytes) => parts.push(bytes ? { bytes } : { end: true });
      },
      onError: () => failed = true,
      onDone: () => {},
    });
  } catch {
    throw refusal("malformed_request", MALFORMED, { status: 400 });
  }
  const drain = async (work: () => void) => {
    try {
      work();
    } catch {
      failed = true;
    }
    const taken = parts;
    parts = [];
    for (const part of taken) await take(part);
    if (failed) throw refusal("malformed_request", MALFORMED, { status: 400 });
  };
  return {
    write: (bytes) => drain(() => parser.write(bytes)),
    end: () => drain(() => parser.end()),
  };
}

/** Takes a request's body apart: raw, or multipart, each also gzipped as a whole. */
export function openBody(start: Start, take: Take): Body {
  const isForm = /^multipart\/form-data\b/i.test(start.content_type ?? "");
  const body = isForm ? multipartBody(start, take) : rawBody(start, take);
  if (!start.is_gzip) return body;
  let taken: Uint8Array[] = [];
  const unpacker = new Unpacker((bytes) => taken.push(bytes), null);
  const pass = async () => {
    const blocks = taken;
    taken = [];
    for (const block of blocks) await body.write(block);
  };
  return {
    async write(bytes) {
      // A piece at a time: a megabyte of a bomb unpacks to a gigabyte.
      for (let at = 0; at < bytes.length; at += 4096) {
        await unpacker.write(bytes.subarray(at, at + 4096));
        await pass();
      }
    },
    async end() {
      await unpacker.end();
      await pass();
      await body.end();
    },
  };
}
