import { AppError } from "../../errors.ts";
import { hashKey, isHashOf } from "../../users/key.ts";

export type Access = { metrics_token?: string | undefined; trust_proxy: boolean };
/** `from`: the peer of the connection; `forwarded`: a header says that there is a proxy between. */
export type Caller = {
  authorization: string | undefined;
  from: string;
  host: string;
  forwarded: boolean;
};

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
/** A page that gave its own name our address is a loopback peer as well: its browser runs here. */
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** With a token its holders, else this machine. Throws 401, 403. */
export async function mayScrape(
  { metrics_token, trust_proxy }: Access,
  { authorization, from, host, forwarded }: Caller,
): Promise<void> {
  if (metrics_token === undefined) {
    const isHere = LOOPBACK.test(from) && LOOPBACK_HOST.test(host) && !forwarded;
    if (isHere && !trust_proxy) return;
    const message = "Only this machine may read the metrics: set METRICS_TOKEN to let others in.";
    throw new AppError("metrics_denied", 403, message);
  }
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (await isHashOf(metrics_token, await hashKey(token ?? ""))) return;
  const headers = { "WWW-Authenticate": "Bearer" };
  const message = "Send METRICS_TOKEN: `Authorization: Bearer …`.";
  throw new AppError("metrics_token_refused", 401, message, { headers });
}
