import { ExternalError } from "../../errors.ts";
import { ensureBrowser } from "./install.ts";

/** A failed installation is not tried again at each capture. */
const INSTALL_AGAIN_MS = 600_000;

/** Keeps looking for a browser until there is one: at once, then whenever one is asked for. */
export function findOrInstallBrowser(
  options: { path?: string; install: boolean; log: (line: string) => void },
  signal: AbortSignal,
) {
  let found: string | undefined;
  let installing = false;
  let message = "A browser is being looked for.";
  let installedAt = -INSTALL_AGAIN_MS;
  let search = Promise.resolve();

  /** Resolves when the search ended or turned into an installation. */
  function look(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const install = options.install && performance.now() - installedAt > INSTALL_AGAIN_MS;
    const onInstall = () => {
      installing = true;
      installedAt = performance.now();
      message = "A browser is being installed.";
      resolve();
    };
    search = ensureBrowser({ ...options, install, onInstall, signal }).then((path) => {
      found = path;
      message = `The browser is ${path}.`;
    }, (error) => {
      message = error instanceof ExternalError ? error.message : "The search for a browser failed.";
    }).finally(() => {
      installing = false;
      resolve();
    });
    return promise;
  }
  let looked = look();

  return {
    state: () => ({
      state: found ? "ready" as const : installing ? "installing" as const : "missing" as const,
      message,
    }),
    async path(): Promise<string> {
      await looked;
      if (!found && !installing) await (looked = look());
      if (found) return found;
      throw new ExternalError("browser", message, false, {
        code: "no_browser",
        ...(installing ? { retryAfterSeconds: 5 } : {}),
      });
    },
    settled: () => search,
  };
}
