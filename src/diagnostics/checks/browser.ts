import { ExternalError } from "../../errors.ts";
import { statusOf } from "../../external/date.ts";
import { type Check, failedBy, NOT_CHECKED, ok, type Result, warning } from "../check.ts";
import { faultyOf } from "./configuration.ts";

const INSTALL =
  "Install chromium or chromium-headless-shell (`apt-get install chromium-headless-shell`), or set BROWSER_PATH to a Chrome or Chromium, or BROWSER_URL to one that runs elsewhere; restart the service.";
const FIXES: Record<string, string> = {
  no_browser: INSTALL,
  browser_path:
    "Set BROWSER_PATH to a Chrome or Chromium that this user can run, or unset it to have one searched.",
  silent:
    "Look whether the machine is out of memory (`free -m`, `dmesg`); the next picture starts a new browser.",
};
const START =
  "Start it by hand as the service's user to see why: `chromium-headless-shell --version`; in a container it needs user namespaces or root.";

const there: Check = {
  name: "Browser",
  group: "browser",
  docs: "browser-not-found",
  finding: "the browser",
  async run({ browser, probes, diagnosis }) {
    const faulty = faultyOf(diagnosis.faults, /^BROWSER_/);
    if (faulty) {
      return warning(`${NOT_CHECKED}: ${faulty} is missing or not valid.`, `Correct ${faulty}.`);
    }
    if (browser.state().state === "installing") {
      return warning(
        "A browser is being installed.",
        "Wait for some minutes; rows wait meanwhile.",
      );
    }
    return await pictured(
      probes.picture,
      ({ version }) => `${browser.state().message} Its version is ${version}.`,
    );
  },
};

const picture: Check = {
  name: "Browser picture",
  group: "browser",
  docs: "browser-pictures",
  needs: ["Browser"],
  run: ({ probes }) =>
    pictured(probes.picture, ({ bytes }) => `It draws a page as a picture (${bytes} bytes).`),
};

type Picture = { version: string; bytes: number };

async function pictured(
  take: () => Promise<Picture | null>,
  say: (taken: Picture) => string,
): Promise<Result> {
  try {
    return ok(say((await take())!));
  } catch (error) {
    if (error instanceof ExternalError) {
      const isPath = error.message.startsWith("BROWSER_PATH");
      return failedBy(error, START, isPath ? { no_browser: FIXES.browser_path! } : FIXES);
    }
    if (!(error instanceof DOMException)) throw error;
    return failedBy(
      new ExternalError("browser", "The browser takes no picture in time.", false),
      START,
    );
  }
}

const reaches: Check = {
  name: "Browser reaches the service",
  group: "browser",
  docs: "browser-pictures",
  needs: ["Browser", "Service"],
  async run({ browser, diagnosis: { base_url } }, signal) {
    const options = { width: 64, height: 64, headers: {}, origin: new URL(base_url).origin };
    const fix = `Set CAPTURE_BASE_URL to the service's address as the browser sees it.`;
    const here = await statusOf(`${base_url}/livez`, signal);
    try {
      const opened = await browser.withPage(
        { ...options, timeoutMs: 9000 },
        signal,
        (page) => page.open(`${base_url}/livez`),
      );
      if (opened.status === 200) return ok(`The browser opens ${base_url}.`);
      return warning(`The browser gets HTTP ${opened.status} at ${base_url}/livez.`, fix);
    } catch (error) {
      const { message } = failedBy(error, fix);
      return { state: here ? "failed" : "warning", message, fix };
    }
  },
};

export const browser: Check[] = [there, picture, reaches];
