import type { Buffer } from "node:buffer";
import { createGunzip } from "node:zlib";
import { refusal } from "./refusal.ts";

export const isGzip = (start: Uint8Array) => start[0] === 0x1f && start[1] === 0x8b;

const CHUNK_BYTES = 128 * 1024;

/** Gunzips what is written, one or several members; `take` is called during the writes. */
export class Unpacker {
  readonly #gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  readonly #ended = Promise.withResolvers<void>();
  #fault: unknown;
  #fail: (error: unknown) => void = () => {};

  constructor(take: (bytes: Uint8Array) => void, file: string | null) {
    this.#ended.promise.catch(() => {});
    const stop = (error: unknown) => {
      this.#fault ??= error;
      this.#fail(this.#fault);
      this.#ended.reject(this.#fault);
      this.#gunzip.destroy();
    };
    this.#gunzip.on("data", (bytes: Buffer) => {
      if (this.#fault !== undefined) return;
      try {
        take(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      } catch (error) {
        stop(error);
      }
    });
    this.#gunzip.on("end", () => this.#ended.resolve());
    const broken = "The gzip data is broken or cut short: send the file again.";
    this.#gunzip.on("error", () => stop(refusal("file_broken", broken, { file })));
  }

  async write(bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#fail = reject;
    if (this.#fault !== undefined) throw this.#fault;
    this.#gunzip.write(bytes, () => resolve());
    await promise;
    if (this.#fault !== undefined) throw this.#fault;
  }

  async end(): Promise<void> {
    this.#gunzip.end();
    await this.#ended.promise;
  }
}
