import { pngSize } from "./png.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

export type GifEncoder = {
  /** The next frame, a screenshot of exactly the GIF's size. Its bytes are gone afterwards. */
  add(png: Uint8Array): void;
  /** The GIF, once; about 50 ms after the last frame. */
  finish(): Promise<Uint8Array>;
  /** Ends the worker at once; to be called in any case, also after finish(). */
  cancel(): void;
};

/**
 * Encodes while frames come in, on a thread of its own: `width` × `height` pixels, every frame shown
 * for `delayMs` (in hundredths of a second, at least 2), loops for ever.
 */
export function encodeGif(size: { width: number; height: number; delayMs: number }): GifEncoder {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  promise.catch(() => {}); // A fault before finish() is told there.
  const cancel = () => {
    worker.terminate();
    reject(new Error("the GIF was not finished"));
  };
  const fail = (why: string) => reject(new Error(`The GIF could not be encoded: ${why}`));
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) =>
    "gif" in data ? resolve(data.gif) : fail(data.error);
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message);
  };
  const tell = (message: ToWorker, transfer: Transferable[] = []) =>
    worker.postMessage(message, transfer);
  tell({ start: size });

  return {
    add(png) {
      const { width, height } = pngSize(png);
      if (width !== size.width || height !== size.height) {
        throw new Error(`a frame of ${width}×${height} in a GIF of ${size.width}×${size.height}`);
      }
      tell({ png }, [png.buffer as ArrayBuffer]);
    },
    async finish() {
      tell({ finish: true });
      return await promise.finally(cancel);
    },
    cancel,
  };
}
