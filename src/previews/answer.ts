import { maskSecrets } from "../external/mask.ts";

/** `message`: the data source's error, secrets masked. */
export type Answer = { state: "loaded" | "empty" | "error" | "waiting"; message: string | null };

type Body = {
  message?: unknown;
  results?: Record<string, { error?: string; frames?: Frame[] | null }>;
};
type Frame = { data?: { values?: unknown[][] } };

/** Evaluates the response of POST /api/ds/query. */
export function evaluateAnswer(status: number, body: string | undefined): Answer {
  const answer = parse(body);
  const results = Object.values(answer?.results ?? {});
  const fault = results.find(({ error }) => error)?.error;
  const message = fault ?? (status >= 400 ? answer?.message : undefined);
  if (typeof message === "string" && message !== "") {
    return { state: "error", message: maskSecrets(message) };
  }
  if (status >= 400) return { state: "error", message: `The query returned HTTP ${status}.` };
  if (!answer) return { state: "error", message: "The response to the query could not be read." };
  const hasRows = results.some(({ frames }) =>
    frames?.some(({ data }) => data?.values?.some((column) => column.length > 0))
  );
  return { state: hasRows ? "loaded" : "empty", message: null };
}

/** `denied`: the key is missing, unknown, expired or revoked; `forbidden`: it lacks a permission. */
export type Refusal = "denied" | "forbidden";

/** Grafana returns 500 for a revoked key, so the text decides. */
export function refusalOf(status: number, body: string | undefined): Refusal | undefined {
  if (status === 401 || (status >= 400 && /\b(?:invalid|expired) api key\b/i.test(body ?? ""))) {
    return "denied";
  }
  return status === 403 ? "forbidden" : undefined;
}

function parse(body: string | undefined): Body | undefined {
  try {
    const answer = JSON.parse(body ?? "");
    return typeof answer === "object" && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}
