type Kind = "hang" | "drop" | "500" | "html" | "html-502" | "bad-json" | "empty";

export type Fault = {
  /** An API method ("chat.postMessage"), or "upload" for the bytes. */
  method: string;
  /** "…-after": Slack does it first, then its answer stumbles. "html" and "empty" answer 200. */
  what: Kind | `${Kind}-after` | "429" | "slow" | { error: string };
  times: number;
  /** Of calls with this token alone. */
  token?: string;
};

export const isAfter = ({ what }: Fault): boolean =>
  typeof what === "string" && (what === "slow" || what.endsWith("-after"));

const SLOW_MS = 200;
const PAGE = "<html>Please log in, xoxb-foreign</html>";
const page = (status: number) =>
  new Response(PAGE, { status, headers: { "content-type": "text/html" } });

/** The fault's answer in place of `answered`, which Slack gave where the fault comes after. */
export async function stumble(
  { what }: Fault,
  ended: AbortSignal,
  answered?: Response,
): Promise<Response> {
  if (typeof what === "object") return refuse(what.error);
  if (what === "slow") {
    await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
    return answered!;
  }
  await answered?.body?.cancel();
  switch (what.replace("-after", "") as Kind | "429") {
    case "429":
      return rateLimited();
    case "500":
      return new Response("upstream xoxb-foreign", { status: 500 });
    case "html":
      return page(200);
    case "html-502":
      return page(502);
    case "bad-json":
      return new Response('{"ok":tru', { headers: { "content-type": "application/json" } });
    case "empty":
      return new Response("", { headers: { "content-type": "application/json" } });
    case "drop": // fewer bytes than promised: the server cuts the connection
      return new Response(new Blob(['{"ok":']).stream(), { headers: { "content-length": "99" } });
    case "hang":
      await new Promise<void>((done) => ended.addEventListener("abort", () => done()));
      return new Response(null, { status: 503 });
  }
}

export function rateLimited(): Response {
  return Response.json({ ok: false, error: "ratelimited" }, {
    status: 429,
    headers: { "retry-after": "7" },
  });
}

export function refuse(error: string, details: string[] = []): Response {
  return Response.json({
    ok: false,
    error,
    ...(details.length > 0
      ? { errors: details, response_metadata: { messages: details.map((d) => `[ERROR] ${d}`) } }
      : {}),
  });
}
