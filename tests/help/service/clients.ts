import type { FaultyServer } from "./faults.ts";
import { type Answer, QUICK, type Service } from "./service.ts";

type Seen = { at: number; ms: number; status: number; code: string; retryAfter: string | null };

/** The environment of a service that uses this server. */
export function uses({ address }: FaultyServer): Record<string, string> {
  return {
    ...QUICK,
    MASTER_DB_HOST: address.host,
    MASTER_DB_PORT: `${address.port}`,
    MASTER_DB_USER: address.user,
    MASTER_DB_PASS: address.password,
    SEAL_KEY: new Uint8Array(32).fill(7).toBase64(),
  };
}

/** The longest that a call may take, whatever is wrong with the database. */
export const MOST_MS = 6000;

/**
 * Clients that read and write one after the other without a pause to speak of, and remember what they were
 * answered.
 */
export function startClients(service: Service, key: string, user_id: number, many: number) {
  const seen: Seen[] = [];
  const strange: string[] = [];
  const stopped = new AbortController();
  /** Of each client's credential, what may stand there: the last value that was taken, and later ones. */
  const possible = new Map<string, string[]>();

  async function ask(
    method: string,
    path: string,
    json?: unknown,
    allowed?: string,
  ): Promise<Answer | undefined> {
    const at = performance.now();
    const what = `${method} ${path}`;
    try {
      const answer = await service.call(method, path, { key, ...(json ? { json } : {}) });
      const { status, body, headers } = answer;
      const ms = performance.now() - at;
      const retryAfter = headers.get("retry-after");
      seen.push({ at, ms, status, code: body?.code ?? "", retryAfter });
      const away = status === 503 && retryAfter !== null &&
        ["database_unavailable", "outcome_unknown"].includes(body.code);
      if (status >= 300 && !away && body?.code !== allowed) {
        strange.push(`${what}: ${status} ${body?.code}`);
      }
      if (ms > MOST_MS) strange.push(`${what}: ${Math.round(ms)} ms until ${status}`);
      return answer;
    } catch (error) {
      if (!stopped.signal.aborted) strange.push(`${what}: ${error}`);
    }
  }
  async function client(n: number) {
    const path = `/api/v1/users/${user_id}/credentials`;
    const key_name = `KEY_OF_CLIENT_${n}`;
    let made = false;
    let mayExist = false; // after an unknown outcome
    for (let i = 0; !stopped.signal.aborted; i++) {
      await ask("GET", "/api/v1/me");
      await ask("GET", "/api/v1/dashboards");
      const key_value = `${n}-${i}`;
      const answer = made ? await ask("PUT", `${path}/${key_name}`, { key_value }) : await ask(
        "POST",
        path,
        { key_name, key_value },
        mayExist ? "credential_exists" : undefined,
      );
      if (answer?.status === 200 || answer?.status === 201) {
        made = true;
        possible.set(key_name, [key_value]);
      } else if (answer?.body?.code === "outcome_unknown" || !answer) {
        possible.set(key_name, [...possible.get(key_name) ?? [], key_value]);
        mayExist = true;
      } else if (answer.status === 409) made = true;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
  const running = Promise.all(Array.from({ length: many }, (_, n) => client(n)));

  return {
    seen,
    /** What was answered in a way that it must not. */
    strange: () => strange.slice(0, 5),
    /** Resolves with the milliseconds from now until the first good answer to a call made from now on. */
    async firstGood(): Promise<number> {
      const from = performance.now();
      for (;;) {
        const good = seen.find(({ at, ms, status }) => status < 300 && at + ms >= from);
        if (good) return good.at + good.ms - from;
        if (performance.now() - from > 60_000) return Infinity;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async stop() {
      stopped.abort();
      await running;
    },
    /** Writes that were answered with success, and are not there. */
    async lost(): Promise<string[]> {
      const gone: string[] = [];
      for (const [key_name, values] of possible) {
        const path = `/api/v1/users/${user_id}/credentials/${key_name}`;
        const { body } = await service.call("GET", path, { key });
        if (!values.includes(body.key_value)) {
          gone.push(`${key_name}: ${body.key_value}, not ${values.join(" or ")}`);
        }
      }
      return gone;
    },
  };
}
