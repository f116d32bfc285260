import type { SealKeys } from "../credentials/seal.ts";
import type { Db } from "../external/postgres/postgres.ts";
import { sealLogins } from "./logins.ts";
import { KINDS } from "./names.ts";
import {
  grantReading,
  makeDatabase,
  makeRoles,
  ownershipTag,
  type Passwords,
} from "./provision.ts";
import type { WorkspaceServer } from "./servers.ts";
import type { Workspace } from "./store.ts";

export type ServerWork = {
  deps: { db: Db; sealKeys: SealKeys; installation: string };
  workspace: Pick<Workspace, "user_id" | "username">;
  server: WorkspaceServer;
  passwords: Passwords;
};
type Step = { name: string; run: (work: ServerWork) => Promise<void> };

const tagOf = ({ deps, workspace }: ServerWork) =>
  ownershipTag(deps.installation, workspace.username);

/** In order. Each can be repeated, and takes over only what is ours. */
export const SERVER_STEPS: Step[] = [
  {
    name: "roles",
    run: (work) => makeRoles(work.server, work.workspace.username, tagOf(work), work.passwords),
  },
  ...KINDS.map((kind): Step => ({
    name: `database_${kind}`,
    run: (work) => makeDatabase(work.server, work.workspace.username, tagOf(work), kind),
  })),
  {
    name: "grants",
    run: ({ server, workspace, passwords }) => grantReading(server, workspace.username, passwords),
  },
  {
    name: "credentials",
    run: ({ deps, workspace, server, passwords }) => sealLogins(deps, workspace, server, passwords),
  },
];
