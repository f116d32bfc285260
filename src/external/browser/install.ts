import { ExternalError } from "../../errors.ts";
import type { Log } from "../log/log.ts";
import { withProgress } from "../log/progress.ts";

const NAMES = [
  "chromium-headless-shell",
  "chrome-headless-shell",
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
  "chrome",
];
const PLACES = [
  "/usr/lib/chromium/chromium-headless-shell",
  "/usr/lib/chromium/chromium",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const PACKAGE = "chromium-headless-shell";
const INSTALL_MINUTES = 10;

/**
 * Finishes an interrupted installation first. `timeout` makes a process group: Ctrl-C never stops
 * dpkg.
 */
const INSTALL = `
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
for i in $(seq 200); do
  said=$(dpkg --configure -a 2>&1; apt-get update 2>&1)
  case "$said" in *"locked by another"*|*"Could not get lock"*|*"Unable to lock"*) sleep 3 ;; *) break ;; esac
done
apt="apt-get -y --no-remove --no-install-recommends -o DPkg::Lock::Timeout=600"
$apt --fix-broken install
exec $apt install ${PACKAGE}
`;

export async function findBrowser(): Promise<string | undefined> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", 'for name; do command -v "$name"; done; true', "sh", ...NAMES],
    stdin: "null",
    stderr: "null",
  }).output();
  const found = new TextDecoder().decode(stdout).split("\n").filter((path) => path.startsWith("/"));
  for (const path of [...found, ...PLACES]) {
    if (await isExecutable(path) && !await isSnap(path)) return path;
  }
}

/**
 * `path`, else a browser on this machine, else Debian's, installed as root. Throws ExternalError.
 */
export async function ensureBrowser(
  { path, install, log, onInstall, signal }: {
    path?: string;
    install: boolean;
    log: Log;
    onInstall?: () => void;
    signal?: AbortSignal;
  },
): Promise<string> {
  if (path) {
    if (await isExecutable(path)) return path;
    const sentence = `BROWSER_PATH is ${path}, which is no program that can be run here.`;
    throw new ExternalError("browser", sentence, true, { code: "browser_path" });
  }
  const found = await findBrowser();
  if (found) return found;
  if (!install || Deno.uid() !== 0 || !await isExecutable("/usr/bin/apt-get")) {
    const allowed = install ? "as root on Debian it is installed by itself" : "BROWSER_INSTALL=no";
    throw new ExternalError(
      "browser",
      `No browser was found (${allowed}). Install chromium or ${PACKAGE}, or set BROWSER_PATH to a ` +
        "Chrome or Chromium, or BROWSER_URL to one that runs elsewhere.",
      false,
      { code: "no_browser" },
    );
  }
  onInstall?.();
  log.info(`No browser was found: installing Debian's ${PACKAGE} (BROWSER_INSTALL=no forbids it).`);
  const installed = await withProgress(
    log,
    "The browser is being installed.",
    () => installBrowser(signal),
  );
  log.info("The browser is installed.", { path: installed });
  return installed;
}

async function installBrowser(signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted();
  const child = new Deno.Command("timeout", {
    args: [`${INSTALL_MINUTES}m`, "sh", "-c", INSTALL],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const stopped = Promise.withResolvers<never>();
  const stop = () => (child.unref(), stopped.reject(signal!.reason));
  signal?.addEventListener("abort", stop, { once: true });
  const { code } = await Promise.race([child.status, stopped.promise]);
  signal?.removeEventListener("abort", stop);
  const found = await findBrowser();
  if (found) return found;
  const why = code === 124 ? `did not end within ${INSTALL_MINUTES} minutes` : "failed";
  throw new ExternalError(
    "browser",
    `The installation of ${PACKAGE} ${why}. Run "apt-get update && apt-get install ${PACKAGE}" to ` +
      "see why, or set BROWSER_PATH or BROWSER_URL.",
    false,
    { code: "no_browser" },
  );
}

async function isExecutable(path: string): Promise<boolean> {
  const file = await Deno.stat(path).catch(() => undefined);
  return file !== undefined && file.isFile && ((file.mode ?? 0) & 0o111) !== 0;
}

/** Ubuntu's chromium starts a snap, which sees neither /tmp nor our pipe. */
async function isSnap(path: string): Promise<boolean> {
  if ((await Deno.realPath(path)).endsWith("/snap") || path.startsWith("/snap/")) return true;
  using file = await Deno.open(path);
  const start = new Uint8Array(4096);
  const size = await file.read(start) ?? 0;
  const text = new TextDecoder().decode(start.subarray(0, size));
  return text.startsWith("#!") && text.includes("/snap/");
}
