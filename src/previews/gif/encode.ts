import { pngSize } from "./png.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

export type GifEncoder = {
  /** Takes a screenshot of the GIF's size and transfers its buffer. */
  add(png: Uint8Array, how?: { holdMs?: number }): void;
  /** `gif` resolves about 50 ms after the last frame, `copy` 50 ms later. */
  finish(): { gif: Promise<Uint8Array>; copy: Promise<Uint8Array | null> };
  cancel(): void;
};

/** Encodes in a worker. `delayMs` >= 20; `copy` is null up to 2 MB and 1,000 px. Always call cancel(). */
export function encodeGif(size: { width: number; height: number; delayMs: number }): GifEncoder {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const gif = Promise.withResolvers<Uint8Array>();
  const copy = Promise.withResolvers<Uint8Array | null>();
  const reject = (error: Error) => [gif, copy].forEach(({ reject }) => reject(error));
  for (const { promise } of [gif, copy]) promise.catch(() => {});
  const cancel = () => {
    worker.terminate();
    reject(new Error("the GIF was not finished"));
  };
  const fail = (why: string) => reject(new Error(`The GIF could not be encoded: ${why}`));
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if ("gif" in data) gif.resolve(data.gif);
    else if ("copy" in data) copy.resolve(data.copy);
    else fail(data.error);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message);
  };
  const send = (message: ToWorker, transfer: Transferable[] = []) =>
    worker.postMessage(message, transfer);
  send({ start: size });

  return {
    add(png, { holdMs } = {}) {
      const { width, height } = pngSize(png);
      if (width !== size.width || height !== size.height) {
        throw new Error(`a frame of ${width}×${height} in a GIF of ${size.width}×${size.height}`);
      }
      send({ png, holdMs }, [png.buffer as ArrayBuffer]);
    },
    finish() {
      send({ finish: true });
      return { gif: gif.promise, copy: copy.promise };
    },
    cancel,
  };
}
