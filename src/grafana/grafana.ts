import { type Deps as CredentialDeps, valueOf } from "../credentials/credentials.ts";
import { baseOf, mayContact, type Outside } from "../credentials/hosts.ts";
import { ExternalError } from "../errors.ts";
import { connectGrafana, type Grafana } from "../external/grafana/grafana.ts";
import { checkGrafana } from "../external/grafana/check.ts";

export type Deps = CredentialDeps & { outside: Outside };

/** `isOwn`: configured by the user's own credentials. */
export type UserGrafana = {
  grafana: Grafana;
  base: string;
  public_url: string;
  capture_key: string;
  isOwn: boolean;
};
type Own = { base?: string | undefined; key?: string | undefined };

/** The Grafana of the user's own credentials, else the configured one; undefined: none. Throws as grafanaAt(). */
export async function grafanaOf(deps: Deps, user_id: number): Promise<UserGrafana | undefined> {
  const own = await ownGrafana(deps, user_id);
  const base = own.base ?? deps.outside.grafana?.base;
  return base === undefined ? undefined : at(deps, own, base);
}

/** Throws ExternalError `key_unknown`, permanent. */
export async function grafanaAt(deps: Deps, user_id: number, base: string): Promise<UserGrafana> {
  return at(deps, await ownGrafana(deps, user_id), base);
}

/** What a user's own credentials say; nothing where their host may not be contacted. */
export async function ownGrafana(deps: Deps, user_id: number): Promise<Own> {
  const address = await valueOf(deps, user_id, "GRAFANA_BASE_URL");
  const key = await valueOf(deps, user_id, "GRAFANA_API_KEY");
  const base = address === undefined ? undefined : baseOf(address);
  if (address !== undefined && (!base || !mayContact(deps.outside, base))) return {};
  return { base, key };
}

function at(
  { outside: { grafana: configured } }: Pick<Deps, "outside">,
  own: Own,
  base: string,
): UserGrafana {
  const isConfigured = base === configured?.base;
  const key = base === (own.base ?? configured?.base) && own.key !== undefined
    ? own.key
    : isConfigured
    ? configured.key
    : undefined;
  if (key === undefined) throw keyUnknown();
  const isOwn = !isConfigured || key !== configured.key;
  const capture_key = isOwn ? key : configured?.capture_key ?? key;
  const public_url = isConfigured ? configured.public_url ?? base : base;
  return { grafana: connectGrafana({ base, key }), base, public_url, capture_key, isOwn };
}

/** The error for a deadline that covers several calls. */
export const timeoutError = () =>
  new ExternalError("Grafana", "Grafana has not answered yet. It is tried again.", false, {
    code: "timeout",
  });

const UNAVAILABLE = ["unreachable", "timeout", "disturbed", "not_grafana", "ratelimited"];

/** Whether any other call to this Grafana would fail as well. */
export const isGrafanaUnavailable = (error: unknown) =>
  error instanceof ExternalError && UNAVAILABLE.includes(error.more.code ?? "");

function keyUnknown(): ExternalError {
  return new ExternalError(
    "Grafana",
    "The key of the Grafana that this belongs to is not known here: save both GRAFANA_BASE_URL and GRAFANA_API_KEY, or move the dashboard.",
    true,
    { code: "key_unknown" },
  );
}

/** Names every right that the key lacks in the error of a refused one. */
export async function namingRights<T>(
  { grafana }: Pick<UserGrafana, "grafana">,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // An error that passes where rights are cached remains where they are missing.
    const codes = ["missing_permission", "rights_unknown"];
    if (!(error instanceof ExternalError) || !codes.includes(error.more.code ?? "")) throw error;
    const { missing } = await checkGrafana(grafana.login, signal).catch(() => ({ missing: [] }));
    if (missing.length === 0) throw error;
    throw new ExternalError("Grafana", lacking(missing), true, { code: "missing_permission" });
  }
}

export function lacking(missing: string[]): string {
  return `Grafana's key lacks ${
    missing.join(", ")
  }: give its service account the role Admin, or save another GRAFANA_API_KEY.`;
}
