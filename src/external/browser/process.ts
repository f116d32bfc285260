import process from "node:process";
import puppeteer, { type Browser as Driver } from "puppeteer-core";
import { ExternalError } from "../../errors.ts";
import { makeBrowserFolder, removeBrowserFolder } from "./folder.ts";
import { once, within } from "../abort.ts";
import { watchMemory } from "./memory.ts";

export type Running = { driver: Driver; end: () => Promise<void> };

export const END_MS = 2_000;

const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--lang=en-US",
  "--accept-lang=en-US",
];

export async function launch(path: string, signal: AbortSignal): Promise<Running> {
  const folder = await makeBrowserFolder();
  try {
    const driver = await puppeteer.launch({
      executablePath: path,
      // Over the pipe a killed Deno takes the browser with it; the default handlers keep Deno alive.
      pipe: true,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      headless: path.includes("headless-shell") ? "shell" : true,
      args: Deno.uid() === 0 ? [...FLAGS, "--no-sandbox"] : FLAGS,
      userDataDir: folder,
      // Our environment holds secrets.
      env: { HOME: folder, PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" },
      defaultViewport: null,
      timeout: 30_000,
      signal,
    });
    const child = driver.process()!;
    // The driver stops listening before the pipes are closed: a reset on one would end this process.
    for (const stream of child.stdio) stream?.on("error", () => {});
    const forget = watchMemory(child.pid!);
    const end = once(async () => {
      if (!await within(END_MS, driver.close())) killGroup(child.pid!);
      forget();
      await removeBrowserFolder(folder);
    });
    return { driver, end };
  } catch {
    await removeBrowserFolder(folder);
    signal.throwIfAborted();
    const hint = Deno.uid() === 0 ? "" : " (its sandbox needs user namespaces)";
    throw new ExternalError("browser", `${path} could not be started${hint}.`, false);
  }
}

/** Debian's program is a script that starts the browser, so we kill the process group. */
function killGroup(pid: number) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch { /* it has ended already */ }
}

export async function attach(url: string): Promise<Running> {
  try {
    const where = /^wss?:/.test(url) ? { browserWSEndpoint: url } : { browserURL: url };
    const driver = await puppeteer.connect({ ...where, defaultViewport: null });
    return { driver, end: once(() => driver.disconnect()) };
  } catch {
    const sentence = "No browser answers at BROWSER_URL. Is it running, is the address right?";
    throw new ExternalError("browser", sentence, false, { code: "no_browser" });
  }
}
