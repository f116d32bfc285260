import { z } from "@hono/zod-openapi";
import { warningsOf } from "../external/slack/slack.ts";
import { findRefusals } from "../pipeline/messages_store.ts";
import { lacking } from "../grafana/grafana.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { adminOnly, type Who } from "../who.ts";
import { type Deps, GROUPS, NOT_CHECKED } from "./check.ts";
import type { GrafanaProbe, Probes, SlackState } from "./probes.ts";
import { type Checked, type Limits, runChecks } from "./run.ts";

export type { Deps };

const Check = z.object({
  name: z.string().openapi({ example: "Database connections" }),
  group: z.enum(GROUPS),
  state: z.enum(["ok", "warning", "failed"]),
  message: z.string().openapi({ description: "What was found." }),
  fix: z.string().nullable().openapi({ description: "What to do; null where it is ok." }),
  docs: z.string().openapi({ example: "docs/troubleshooting.md#database-connections" }),
}).openapi("DiagnosisCheck");
export type CheckView = z.infer<typeof Check>;

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
  ok: z.boolean().openapi({ description: "False where a check failed; warnings do not count." }),
  checks: z.array(Check),
  findings: z.array(z.object({
    what: z.string().openapi({ example: "the default server" }),
    message: z.string().openapi({ description: "What is missing, and what to do." }),
  })),
  grafana: Grafana.nullable().openapi({ description: "Null: none is configured." }),
  slack: SlackDiagnosis.nullable().openapi({
    description: "The default token and channel. Null: none are configured.",
  }),
}).openapi("Diagnosis");
export type Diagnosis = z.infer<typeof Diagnosis>;

/** Runs every check and says what is missing. Throws nothing that a check comes to. */
export async function diagnose(deps: Deps, limits?: Partial<Limits>): Promise<Diagnosis> {
  const { checked, probes } = await runChecks(deps, undefined, limits);
  const findings = checked.filter(isFinding)
    .map(({ finding, message, fix }) => ({ what: finding!, message: `${message} ${fix}` }));
  return {
    ok: isOk(checked),
    checks: checked.map(shown),
    findings: [...findings, ...await refusals(deps.db)],
    grafana: await grafanaState(deps, probes),
    slack: await slackState(probes),
  };
}

const isFinding = ({ state, finding, message }: Checked) =>
  finding !== undefined && state !== "ok" && !message.startsWith(NOT_CHECKED);

/** diagnose() for who asks. Admins only. */
export async function showDiagnosis(deps: Deps, who: Who): Promise<Diagnosis> {
  adminOnly(who);
  return await diagnose(deps);
}

/** The check of this name; undefined: there is none now. Admins only. */
export async function showCheck(deps: Deps, who: Who, name: string) {
  adminOnly(who);
  const { checked } = await runChecks(deps, name);
  return checked.map(shown)[0];
}

const isOk = (checked: Checked[]) => checked.every(({ state }) => state !== "failed");

const shown = ({ name, group, state, message, fix, docs }: Checked): CheckView => ({
  ...{ name, group, state, message, fix },
  docs: `docs/troubleshooting.md#${docs}`,
});

async function refusals(db: Db) {
  const found = await findRefusals(db).catch(() => []); // its check says what is wrong with the database
  return found.map(({ username, message }) => ({ what: `Slack for ${username}`, message }));
}

const CAPTURE_ADVICE =
  "Pictures are taken with GRAFANA_API_KEY: a Viewer's token in GRAFANA_CAPTURE_KEY is enough for them.";

async function grafanaState({ outside }: Deps, probes: Probes) {
  const probe = await probes.grafana();
  if (!probe) return null;
  const { reachable, version, organisation, missing } = probe;
  const advice = outside.grafana?.capture_key ? null : CAPTURE_ADVICE;
  return { reachable, version, organisation, missing, message: amiss(probe), advice };
}

function amiss({ fault, missing }: GrafanaProbe): string | null {
  if (fault) return fault.message;
  return missing.length > 0 ? lacking(missing) : null;
}

async function slackState(probes: Probes) {
  const state: SlackState | null = await probes.slack().catch(() => null);
  if (!state) return null;
  const { faults: _, ...shown } = state;
  return { ...shown, warnings: warningsOf(state) };
}
