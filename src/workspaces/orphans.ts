import { z } from "@hono/zod-openapi";
import { audited } from "../audit/audit.ts";
import { AppError, ExternalError, unavailable } from "../errors.ts";
import { whileAnswering } from "../external/postgres/answer.ts";
import type { Db, Sql } from "../external/postgres/postgres.ts";
import { adminOnly, type Who } from "../who.ts";
import { KINDS } from "./names.ts";
import { dropDatabase, dropRoles, ownershipTag } from "./provision.ts";
import { asRefusal, type Servers } from "./servers.ts";
import { deleteRemoval } from "./removal.ts";
import * as store from "./store.ts";

export const Orphan = z.object({
  name: z.string().openapi({ description: "The database's name.", example: "ada_timing" }),
  username: z.string(),
  kind: z.enum(KINDS),
  created_at: z.iso.datetime().openapi({ description: "Since when it has no user." }),
}).openapi("Orphan");

export async function orphans({ db }: { db: Db }, who: Who) {
  adminOnly(who);
  return (await store.listOrphans(db)).map(({ name, username, kind, created_at }) => ({
    name,
    username,
    kind,
    created_at,
  }));
}

/** With the last database of a user its roles go too. Throws 404, 403, 503 for an unavailable server. */
export async function dropOrphan(
  { db, servers, installation }: { db: Sql; servers: Servers; installation: string },
  who: Who,
  name: string,
): Promise<void> {
  adminOnly(who);
  const orphan = await store.findOrphan(db, name);
  if (!orphan) throw unknown();
  const { username, kind } = orphan;
  const tag = ownershipTag(installation, username);
  const server = servers.of(orphan.server);
  await whileAnswering(server.master, () =>
    store.lockWorkspace(db, orphan, async () => {
      if (!await store.findOrphan(db, name)) throw unknown();
      const isLast = (await store.orphansOf(db, username)).length === 1;
      try {
        await dropDatabase(server, username, tag, kind);
        if (isLast) await dropRoles(server, username, tag);
      } catch (error) {
        throw refused(asRefusal(error));
      }
      const entry = { action: "orphan.remove", subject: name, user_id: null } as const;
      await audited(db, who, entry, async (tx) => {
        await store.deleteOrphan(tx, name);
        if (isLast) await deleteRemoval(tx, username);
      });
    }));
}

const unknown = () => new AppError("orphan_unknown", 404, "There is no such orphan.");

function refused(error: unknown): unknown {
  if (!(error instanceof ExternalError) || !error.more.code) return error;
  return unavailable("server_refused", `Not dropped yet: ${error.message}`);
}
