import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError, ExternalError } from "../errors.ts";
import { checkGrafana, checkGrafanaAddress } from "../external/grafana/check.ts";
import { asExternal, type Db, type Server, tryLogin } from "../external/postgres/postgres.ts";
import { connectSlack, SCOPES } from "../external/slack/slack.ts";
import { visibleUser } from "../users/users.ts";
import type { Who } from "../who.ts";
import { type Deps as CredentialDeps, openValue, unknown } from "./credentials.ts";
import { baseOf, isListed, mayContact, type Outside } from "./hosts.ts";
import { findCredential } from "./store.ts";

type OwnServer = { address: Server; shown: { host: string; port: number } };
export type Deps = CredentialDeps & { outside: Outside; servers: { all: OwnServer[] } };

export const Tested = z.object({
  ok: z.boolean(),
  message: z.string(),
  missing: z.array(z.string()).openapi({ description: "Scopes or permissions that it lacks." }),
}).openapi("TestedCredential");
type Outcome = z.infer<typeof Tested>;

const LIMIT_MS = 20_000;
const good = (message: string): Outcome => ({ ok: true, message, missing: [] });
const bad = (message: string, missing: string[] = []): Outcome => ({ ok: false, message, missing });

type Other = (key_name: string) => Promise<string | undefined>;
type HostCheck = (deps: Deps, value: string, other: Other) => unknown;
type Trial = (deps: Deps, value: string, other: Other, signal: AbortSignal) => Promise<Outcome>;

const TRIALS: [name: RegExp, trial: Trial, check?: HostCheck][] = [
  [/^SLACK_BOT_TOKEN$/, trySlackToken],
  [/^SLACK_CHANNEL_ID$/, trySlackChannel],
  [/^GRAFANA_BASE_URL$/, tryGrafanaAddress, allowed],
  [
    /^GRAFANA_API_KEY$/,
    tryGrafanaKey,
    async (deps, _key, other) => allowed(deps, await other("GRAFANA_BASE_URL") ?? ""),
  ],
  [/DATABASE_URL$/, tryDatabase, ourOwn],
];

export const isTestable = (key_name: string) => TRIALS.some(([name]) => name.test(key_name));

/** Throws 409 `not_testable` for an unknown name, 409 `host_not_allowed`. */
export async function testCredential(deps: Deps, who: Who, user_id: number, key_name: string) {
  const { username } = await visibleUser(deps.db, who, user_id);
  const entry = { action: "credential.test", subject: `${username}/${key_name}`, user_id } as const;
  const open = async (name: string, db: Db = deps.db) => {
    const row = await findCredential(db, user_id, name);
    return row && (await openValue(deps, user_id, row)).trim();
  };
  // The record comes first: no transaction stays open while another system is asked.
  const { trial, value } = await audited(deps.db, who, entry, async (tx) => {
    const value = await open(key_name, tx);
    if (value === undefined) throw unknown(key_name);
    const [, trial, check] = TRIALS.find(([name]) => name.test(key_name)) ?? [];
    if (!trial) {
      const message =
        `${key_name} is not a name that can be tried: only Slack, Grafana and database logins are.`;
      throw new AppError("not_testable", 409, message);
    }
    await check?.(deps, value, (name) => open(name, tx));
    return { trial, value };
  });
  try {
    return await trial(deps, value, open, AbortSignal.timeout(LIMIT_MS));
  } catch (thrown) {
    const error = asExternal(thrown);
    if (error instanceof ExternalError) return bad(error.message);
    if (error instanceof z.ZodError) return bad("The answer was not understood.");
    if (error instanceof URIError) return bad("A % in this address does not begin a character.");
    throw error;
  }
}

async function trySlackToken({ outside }: Deps, token: string, other: Other, signal: AbortSignal) {
  const channel = await other("SLACK_CHANNEL_ID") ?? outside.slack_channel ?? "C00";
  const slack = connectSlack({ token, channel, apiUrl: outside.slack_api_url });
  const { scopes } = await slack.checkToken(signal);
  const missing = scopes ? SCOPES.filter((scope) => !scopes.includes(scope)) : [];
  return missing.length === 0
    ? good("Slack takes the token.")
    : bad(`Slack takes the token, but it lacks: ${missing.join(", ")}.`, missing);
}

async function trySlackChannel(
  { outside }: Deps,
  channel: string,
  other: Other,
  signal: AbortSignal,
) {
  const token = await other("SLACK_BOT_TOKEN") ?? outside.slack_token;
  if (!token) return bad("There is no SLACK_BOT_TOKEN to try the channel with.");
  const slack = connectSlack({ token, channel, apiUrl: outside.slack_api_url });
  const { name, is_member } = await slack.checkChannel(signal);
  return is_member
    ? good(`The app is in the channel #${name}.`)
    : bad(`The app is not in the channel #${name}: invite it there.`);
}

/** Undefined: it is no address. Throws 409 `host_not_allowed`. */
function allowed({ outside }: Deps, text: string): string | undefined {
  const base = baseOf(text);
  if (base && !mayContact(outside, base)) throw notAllowed(new URL(base).hostname);
  return base;
}

function notAllowed(host: string): AppError {
  return new AppError(
    "host_not_allowed",
    409,
    `The host ${host} is not contacted: an admin may add it to ALLOWED_HOSTS.`,
  );
}

const NO_ADDRESS = "This is not an http(s) address.";

async function tryGrafanaAddress(deps: Deps, text: string, _other: Other, signal: AbortSignal) {
  const address = allowed(deps, text);
  if (!address) return bad(NO_ADDRESS);
  const { version } = await checkGrafanaAddress(address, signal);
  return good(version ? `Grafana ${version} answers.` : "Grafana answers.");
}

async function tryGrafanaKey(deps: Deps, key: string, other: Other, signal: AbortSignal) {
  const text = await other("GRAFANA_BASE_URL") ?? deps.outside.grafana?.base;
  if (!text) return bad("There is no GRAFANA_BASE_URL to try the key with.");
  const address = allowed(deps, text);
  if (!address) return bad(NO_ADDRESS);
  const { organisation, missing } = await checkGrafana({ base: address, key }, signal);
  return missing.length === 0
    ? good(`Grafana takes the key${organisation ? `, in the organisation ${organisation}` : ""}.`)
    : bad(`Grafana takes the key, but it lacks: ${missing.join(", ")}.`, missing);
}

/** Undefined: it is no address. Throws 409 as allowed() does. */
function ourOwn({ outside, servers }: Deps, text: string): OwnServer | undefined {
  if (!isDatabaseUrl(text)) return undefined;
  const { hostname, port } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, "");
  const at = Number(port || 5432);
  const ours = servers.all.find(({ shown, address }) =>
    [shown, address].some((known) => known.host === host && known.port === at)
  );
  if (!ours && !isListed(host, outside.allowed_hosts)) throw notAllowed(host);
  return ours;
}

const isDatabaseUrl = (text: string) =>
  URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);

async function tryDatabase(deps: Deps, text: string) {
  if (!isDatabaseUrl(text)) return bad("This is not a postgresql:// address.");
  await tryLogin(text, ourOwn(deps, text)?.address);
  return good("The database takes the login.");
}
