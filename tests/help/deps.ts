import { importSealKey } from "../../src/credentials/seal.ts";
import { importSigningKey } from "../../src/credentials/sign.ts";
import type { Outside } from "../../src/credentials/hosts.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { readInstallation } from "../../src/credentials/installation_store.ts";
import { limitFailures } from "../../src/users/failure_limit.ts";
import { openServers } from "../../src/workspaces/servers.ts";
import { testServer } from "./postgres.ts";

export type Options = {
  adminKey?: string | undefined;
  trust_proxy?: boolean;
  outside?: Partial<Outside>;
  now?: () => number;
};

/** A key that links are signed with, from its 32 bytes. */
export const signingKeyOf = (bytes: Uint8Array) => importSigningKey(bytes.toBase64());

/** The parts of which main.ts makes the service, over a database of the test server; no browser. */
export async function makeDeps(db: Sql, options: Options = {}) {
  const sealKey = crypto.getRandomValues(new Uint8Array(32));
  const { host, port } = await testServer();
  const lines: string[] = [];
  const frontend_url = "http://dashkeeper.test";
  return {
    db,
    sealKey,
    lines,
    adminKey: options.adminKey,
    trust_proxy: options.trust_proxy ?? false,
    log: (line: string) => void lines.push(line),
    failures: limitFailures(options.now),
    outside: { slack_api_url: "http://127.0.0.1:1/api", allowed_hosts: [], ...options.outside },
    installation: await readInstallation(db, frontend_url),
    sealKeys: { current: await importSealKey(sealKey) },
    signingKey: await signingKeyOf(sealKey),
    servers: await openServers(db, { host, port }, {}, []),
    browser: { state: () => ({ state: "missing" as const, message: "No test of this kind." }) },
    frontend_url,
    board_link_days: 30,
    limits: { scanSeconds: 5, settleSeconds: 0, updateMinSeconds: 0 },
  };
}
