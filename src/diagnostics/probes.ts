import type { ConfiguredGrafana, Outside } from "../credentials/hosts.ts";
import { ExternalError } from "../errors.ts";
import { checkGrafana, checkGrafanaAddress } from "../external/grafana/check.ts";
import { connectSlack, type SlackState } from "../external/slack/slack.ts";
import type { Deps } from "./deps.ts";

/** What several checks look at is asked once. */
export type Probes = ReturnType<typeof makeProbes>;

export function makeProbes({ outside, browser, diagnosis }: Deps, ms: number) {
  const { grafana, slack_token: token, slack_channel: channel } = outside;
  return {
    grafana: once(() => grafana ? probeGrafana(grafana, AbortSignal.timeout(ms)) : null),
    slack: once(() =>
      token && channel
        ? slackOf(outside, token, channel, ms * 0.9).inspect(AbortSignal.timeout(ms))
        : null
    ),
    picture: once(() => takePicture(browser, diagnosis.base_url, ms)),
  };
}

function once<T>(work: () => Promise<T> | null): () => Promise<T | null> {
  let result: Promise<T | null> | undefined;
  return () => {
    result ??= Promise.resolve(work());
    result.catch(() => {});
    return result;
  };
}

export const slackOf = (
  { slack_api_url }: Outside,
  token: string,
  channel: string,
  timeoutMs = 9000,
) => connectSlack({ token, channel, apiUrl: slack_api_url, timeoutMs });

export type { SlackState };

/** `fault`: why there is no answer, or why the key is of no use. */
export type GrafanaProbe = {
  reachable: boolean;
  version: string | null;
  database: string | null;
  organisation: string | null;
  missing: string[];
  fault: ExternalError | undefined;
};

async function probeGrafana(
  { base, key }: ConfiguredGrafana,
  signal: AbortSignal,
): Promise<GrafanaProbe> {
  const state = { reachable: false, version: null, database: null, organisation: null };
  const nothing = { ...state, missing: [], fault: undefined };
  try {
    const { version = null, database } = await checkGrafanaAddress(base, signal);
    const found = { ...nothing, reachable: true, version, database };
    try {
      return { ...found, ...await checkGrafana({ base, key }, signal) };
    } catch (error) {
      return { ...found, fault: known(error) };
    }
  } catch (error) {
    return { ...nothing, fault: known(error) };
  }
}

function known(error: unknown): ExternalError {
  if (error instanceof ExternalError) {
    const status = /^http_(\d+)$/.exec(error.more.code ?? "")?.[1];
    if (status === undefined) return error;
    const message = `Grafana refuses the call (HTTP ${status}).`; // its own words may hold a secret
    return new ExternalError("Grafana", message, true, error.more);
  }
  const message = error instanceof DOMException
    ? "Grafana does not answer in time."
    : "Grafana's answer was not understood.";
  return new ExternalError("Grafana", message, false, { code: "timeout" });
}

const SIDE = 64;

/** An empty page as a picture, and the browser's own name with its version. */
async function takePicture(browser: Deps["browser"], base_url: string, timeoutMs: number) {
  const options = { width: SIDE, height: SIDE, headers: {}, origin: new URL(base_url).origin };
  const signal = AbortSignal.timeout(timeoutMs);
  return await browser.withPage({ ...options, timeoutMs }, signal, async (page) => {
    const agent = await page.evaluate<string>("navigator.userAgent");
    const png = await page.screenshot({ top: 0, width: SIDE, height: SIDE });
    return { version: /Chrome\/([\d.]+)/.exec(agent)?.[1] ?? "unknown", bytes: png.length };
  });
}
