import { maskSecrets } from "../external/mask.ts";

/** `message` of an error: the data source's own, secrets masked. */
export type Answer = { state: "loaded" | "empty" | "error" | "waiting"; message: string | null };

type Body = {
  message?: unknown;
  results?: Record<string, { error?: string; frames?: Frame[] | null }>;
};
type Frame = { data?: { values?: unknown[][] } };

/** Reads Grafana's answer to a query (POST /api/ds/query). */
export function evaluateAnswer(status: number, body: string | undefined): Answer {
  const answer = parse(body);
  const results = Object.values(answer?.results ?? {});
  const fault = results.find(({ error }) => error)?.error;
  const said = fault ?? (status >= 400 ? answer?.message : undefined);
  if (typeof said === "string" && said !== "") {
    return { state: "error", message: maskSecrets(said) };
  }
  if (status >= 400) return { state: "error", message: `The query was answered with ${status}.` };
  if (!answer) return { state: "error", message: "The query's answer could not be read." };
  const hasRows = results.some(({ frames }) =>
    frames?.some(({ data }) => data?.values?.some((column) => column.length > 0))
  );
  return { state: hasRows ? "loaded" : "empty", message: null };
}

/** `denied`: the key is missing, unknown, expired or revoked; `forbidden`: it lacks a right, or did so. */
export type Refusal = "denied" | "forbidden";

/** Grafana answers 500 to a revoked key: the words decide. */
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
