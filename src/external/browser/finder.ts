import { ExternalError } from "../../errors.ts";
import { ensureBrowser } from "./install.ts";
import type { Log } from "../log/log.ts";

/** The shortest time between two installations. */
const INSTALL_AGAIN_MS = 600_000;

type Options = { path?: string; install: boolean; log: Log };

/** Keeps searching for a browser until there is one: at once, then whenever one is asked for. */
export function findOrInstallBrowser(options: Options, signal: AbortSignal) {
  const finder = new Finder(options, signal);
  let searched = finder.search();
  return {
    state: () => finder.state(),
    async path(): Promise<string> {
      await searched;
      if (!finder.found && !finder.installing) await (searched = finder.search());
      if (finder.found) return finder.found;
      throw new ExternalError("browser", finder.message, false, {
        ...(finder.installing
          ? { code: "browser_installing", retryAfterSeconds: 5 }
          : { code: "no_browser" }),
      });
    },
    ended: () => finder.ended,
  };
}

class Finder {
  found: string | undefined;
  installing = false;
  message = "Searching for a browser.";
  ended = Promise.resolve();
  #installedAt = -INSTALL_AGAIN_MS;

  constructor(readonly options: Options, readonly signal: AbortSignal) {}

  state() {
    const state = this.found ? "ready" : this.installing ? "installing" : "missing";
    return { state, message: this.message } as const;
  }

  search(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { options, signal } = this;
    const onInstall = () => {
      this.installing = true;
      this.#installedAt = performance.now();
      this.message = "A browser is being installed.";
      resolve();
    };
    const install = options.install && performance.now() - this.#installedAt > INSTALL_AGAIN_MS;
    this.ended = ensureBrowser({ ...options, install, onInstall, signal }).then((path) => {
      this.found = path;
      this.message = `The browser is ${path}.`;
    }, (error) => {
      this.message = error instanceof ExternalError
        ? error.message
        : "The search for a browser failed.";
    }).finally(() => {
      this.installing = false;
      resolve();
    });
    return promise;
  }
}
