import type { MembersSee } from "../../../src/who.ts";
import { importSealKey } from "../../../src/credentials/seal.ts";
import { importSigningKey } from "../../../src/credentials/sign.ts";
import type { Outside } from "../../../src/credentials/hosts.ts";
import type { Deps as DiagnosisDeps } from "../../../src/diagnostics/check.ts";
import type { Page } from "../../../src/external/browser/browser.ts";
import type { Sql } from "../../../src/external/postgres/postgres.ts";
import { readInstallation } from "../../../src/credentials/installation_store.ts";
import type { Limits } from "../../../src/pipeline/scan/debounce.ts";
import type { BatchLimits } from "../../../src/pipeline/batches_store.ts";
import { limitFailures } from "../../../src/users/failure_limit.ts";
import { SEALED_COLUMNS } from "../../../src/sealed.ts";
import { type Login, openServers } from "../../../src/workspaces/servers.ts";
import { openSpoolFolder } from "../../../src/external/spool_folder.ts";
import { queueImports } from "../../../src/imports/queue.ts";
import { slackDeps } from "../slack_deps.ts";
import { testServer } from "./postgres.ts";
import { keptIn } from "../log.ts";

export type Options = {
  adminKey?: string | undefined;
  trust_proxy?: boolean;
  members_see?: MembersSee;
  frontend_url?: string;
  metrics_token?: string;
  outside?: Partial<Outside>;
  now?: () => number;
  limits?: Partial<Limits & BatchLimits>;
  imports?: { most_bytes?: number; most?: number; waiting?: number };
  /** Further servers for users' databases, and the addresses at which people see them. */
  others?: { login: Login; shown: Shown }[];
  shown?: Shown;
  browser?: DiagnosisDeps["browser"];
  diagnosis?: Partial<DiagnosisDeps["diagnosis"]>;
};
type Shown = { host?: string; port?: number };
export type Deps = Awaited<ReturnType<typeof makeDeps>>;

export const FRONTEND = "http://dashkeeper.test";

/** Stands where no test looks at the browser, which takes a second to start. */
const drawing: DiagnosisDeps["browser"] = {
  state: () => ({ state: "ready", message: "" }),
  withPage: async (_, signal, work) =>
    await work(
      {
        evaluate: () => Promise.resolve("Chrome/1.0" as never),
        screenshot: () => Promise.resolve(new Uint8Array(1)),
        open: (url: string) => Promise.resolve({ status: 200, url, text: "" }),
      } as unknown as Page,
      signal,
    ),
};

/** A key that links are signed with, from its 32 bytes. */
export const signingKeyOf = (bytes: Uint8Array) => importSigningKey(bytes.toBase64());

/** The parts of which main.ts makes the service, over a database of the test server; no browser. */
export async function makeDeps(
  db: Sql,
  options: Options = {},
  master?: { host: string; port: number },
) {
  const sealKey = crypto.getRandomValues(new Uint8Array(32));
  const { host, port } = master ?? await testServer();
  const lines: string[] = [];
  const frontend_url = options.frontend_url ?? FRONTEND;
  return {
    db,
    sealKey,
    lines,
    adminKey: options.adminKey,
    trust_proxy: options.trust_proxy ?? false,
    members_see: options.members_see,
    metrics_token: options.metrics_token,
    log: keptIn(lines),
    failures: limitFailures(options.now),
    slack: slackDeps().slack,
    outside: { slack_api_url: "http://127.0.0.1:1/api", allowed_hosts: [], ...options.outside },
    installation: await readInstallation(db, frontend_url),
    sealKeys: { current: await importSealKey(sealKey) },
    signingKey: await signingKeyOf(sealKey),
    servers: await openServers(db, { host, port }, options.shown ?? {}, options.others ?? []),
    browser: options.browser ?? drawing,
    diagnosis: {
      data_dir: "/tmp",
      embedded: false,
      base_url: FRONTEND,
      warn_bytes: 20e9,
      sealed_columns: SEALED_COLUMNS,
      ...options.diagnosis,
    },
    imports: await importsOf(options.imports),
    frontend_url,
    board_link_days: 30,
    limits: {
      scanSeconds: 5,
      settleSeconds: 0,
      updateMinSeconds: 0,
      batchSeconds: 300,
      ...options.limits,
    },
  };
}

/** A spool of the world's own. */
async function importsOf(
  { most_bytes = 2 ** 30, most = 2, waiting = 32 }: Options["imports"] = {},
) {
  const folder = await Deno.makeTempDir({ prefix: "dashkeeper-imports-" });
  const spool = await openSpoolFolder(folder);
  const close = async () => {
    await spool.close();
    await Deno.remove(folder, { recursive: true });
  };
  return { folder, spool: { ...spool, close }, most_bytes, queue: queueImports(most, waiting) };
}
