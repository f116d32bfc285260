import { z } from "@hono/zod-openapi";
import type { ConfiguredGrafana, Outside } from "../credentials/hosts.ts";
import { ExternalError } from "../errors.ts";
import type { Browser } from "../external/browser/browser.ts";
import { checkGrafana, checkGrafanaAddress } from "../external/grafana/check.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import { connectSlack } from "../external/slack/slack.ts";
import { findRefusals } from "../pipeline/messages_store.ts";
import { adminOnly } from "../who.ts";
import type { Who } from "../who.ts";
import { lacking } from "../grafana/grafana.ts";
import { crowding, preflight } from "../workspaces/preflight.ts";
import type { Servers } from "../workspaces/servers.ts";

export type Deps = {
  db: Sql;
  servers: Servers;
  browser: Pick<Browser, "state">;
  outside: Outside;
};

const Grafana = z.object({
  reachable: z.boolean(),
  version: z.string().nullable(),
  organisation: z.string().nullable(),
  missing: z.array(z.string()).openapi({ description: "Permissions that the key lacks." }),
  message: z.string().nullable().openapi({ description: "What is amiss, and what to do." }),
  advice: z.string().nullable(),
}).openapi("GrafanaState");

const SlackDiagnosis = z.object({
  scopes: z.array(z.string()).nullable().openapi({ description: "Null: not known." }),
  missing: z.array(z.string()).openapi({ description: "Scopes that the app lacks." }),
  channel: z.string().nullable(),
  is_member: z.boolean().nullable(),
  can_upload: z.boolean().nullable(),
  warnings: z.array(z.string()).openapi({ description: "What does not work, and what to do." }),
}).openapi("SlackState");

export const Diagnosis = z.object({
  ok: z.boolean(),
  findings: z.array(z.object({
    what: z.string().openapi({ example: "the default server" }),
    message: z.string().openapi({ description: "What is missing, and what to do." }),
  })),
  grafana: Grafana.nullable().openapi({ description: "Null: none is configured." }),
  slack: SlackDiagnosis.nullable().openapi({
    description: "The default token and channel. Null: none are configured.",
  }),
}).openapi("Diagnosis");

/** Whoever asks waits for Grafana so long. */
const LIMIT_MS = 10_000;

/** Whether what Dashkeeper needs is there, and what exactly is missing. Admins only. */
export async function diagnose(deps: Deps, who: Who): Promise<z.infer<typeof Diagnosis>> {
  adminOnly(who);
  const { db, servers, browser, outside } = deps;
  const [warnings, grafana, slack, refusals] = await Promise.all([
    Promise.all([...servers.all.map(preflight), ...servers.all.map(crowding)]),
    outside.grafana ? probeGrafana(outside.grafana) : null,
    probeSlack(outside),
    findRefusals(db),
  ]);
  const findings = warnings.flat().map(({ server, message }) => ({ what: server, message }));
  const { state, message } = browser.state();
  if (state !== "ready") findings.push({ what: "the browser", message });
  if (grafana?.message) findings.push({ what: "Grafana", message: grafana.message });
  for (const message of slack?.warnings ?? []) findings.push({ what: "Slack", message });
  for (const { username, message } of refusals) {
    findings.push({ what: `Slack for ${username}`, message });
  }
  return { ok: findings.length === 0, findings, grafana, slack };
}

async function probeSlack({ slack_api_url, slack_token: token, slack_channel: channel }: Outside) {
  if (!token || !channel) return null;
  const slack = connectSlack({ token, channel, apiUrl: `${slack_api_url.replace(/\/+$/, "")}/` });
  return await slack.inspect(AbortSignal.timeout(LIMIT_MS));
}

const CAPTURE_ADVICE =
  "Pictures are taken with GRAFANA_API_KEY: a Viewer's token in GRAFANA_CAPTURE_KEY is enough for them.";

async function probeGrafana({ base, key, capture_key }: ConfiguredGrafana) {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const state = {
    reachable: false,
    version: null,
    organisation: null,
    missing: [],
    message: null,
    advice: capture_key ? null : CAPTURE_ADVICE,
  };
  try {
    const { version = null } = await checkGrafanaAddress(base, signal);
    const found = { ...state, reachable: true, version };
    try {
      const { organisation, missing } = await checkGrafana({ base, key }, signal);
      const message = missing.length > 0 ? lacking(missing) : null;
      return { ...found, organisation, missing, message };
    } catch (error) {
      return { ...found, message: inWords(error) };
    }
  } catch (error) {
    return { ...state, message: inWords(error) };
  }
}

function inWords(error: unknown): string {
  if (error instanceof ExternalError) return error.message;
  if (error instanceof DOMException) return "Grafana does not answer in time.";
  return "Grafana's answer was not understood.";
}
