import { type EmbeddedServer, startEmbedded } from "../../../src/external/postgres/embedded.ts";
import type { Login } from "../../../src/workspaces/servers.ts";
import { SILENT } from "../../../src/external/log/log.ts";

/** A database server of the test's own, which it may stop and start; removed at the end. */
export async function ownServer(listen?: string) {
  const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-workspaces-" });
  const options = { dataDir, log: SILENT, fsync: false };
  let server: EmbeddedServer | undefined = await startEmbedded({
    ...options,
    ...(listen ? { listen } : {}),
  });
  const { stop: _, ...address } = server;
  const login: Login = { ...address, database: "postgres" };
  return {
    login,
    name: `${login.host}:${login.port}`,
    async stop() {
      await server?.stop();
      server = undefined;
    },
    async start(listen?: string) {
      server = await startEmbedded({ ...options, ...(listen ? { listen } : {}) });
    },
    async [Symbol.asyncDispose]() {
      await server?.stop();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}
