import { dirname } from "node:path";
import { listedUsers, type ListFilter } from "../../src/accounts/list.ts";
import { pageOfAudit } from "../../src/audit/page.ts";
import type { EntryFilter } from "../../src/audit/store.ts";
import { SILENT } from "../../src/external/log/log.ts";
import { startEmbedded } from "../../src/external/postgres/embedded.ts";
import { DEADLINES, withDeadline } from "../../src/external/postgres/deadlines.ts";
import { connectMaster } from "../../src/external/postgres/master.ts";
import { migrate } from "../../src/external/postgres/migrate.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";

const COUNT = 1_000_000;
const ROUNDS = 60;
const WHO = { user_id: 1, username: "admin", role: "admin", from: "" } as const;

/** One in ten inactive, one in 1,000 an admin, few workspaces incomplete; entries of a year. */
async function fill(db: Sql): Promise<void> {
  await db`
    insert into users (username, role, is_active)
    select 'u' || substr(md5(i::text), 1, 15), case when i % 1000 = 0 then 'admin' else 'member' end,
      i % 10 <> 0 from generate_series(1, ${COUNT}) i`;
  await db`
    insert into workspaces (user_id, owner_password, reader_password, ready_at, checked_at, bytes)
    select id, 'x', 'x', now(), now(), 1e8 from users`;
  await db`
    insert into workspace_steps (user_id, position, name, state)
    select id, p, 'step ' || p, case when p < 6 then 'done' when id % 5000 = 1 then 'failed'
      when id % 100 = 2 then 'pending' else 'done' end from users, generate_series(6, 6) p`;
  await db`
    insert into audit (at, actor, action, subject, user_id, from_address, outcome)
    select now() - (${COUNT} - i) * interval '31 seconds', 'u' || i % 500,
      case when i % 20 = 0 then 'credential.change' when i % 9999 = 0 then 'orphan.remove'
        else 'credential.reveal' end,
      'u' || i % 20000 || '/TOKEN', i % 20000, '10.0.0.1',
      case when i % 3000 = 0 then 'refused' else 'ok' end
    from generate_series(1, ${COUNT}) i`;
  await db`vacuum analyze`;
}

const USERS: ListFilter[] = [
  {},
  { q: "u7" },
  { is_active: false },
  { role: "admin" },
  { role: "member" },
  { workspace: "ready" },
  { workspace: "pending" },
  { workspace: "failed" },
  { q: "u7", workspace: "failed" },
  { q: "u7", role: "admin", is_active: false },
];
const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString();
const AUDIT: EntryFilter[] = [
  {},
  { actor: "u77" },
  { actor: "nobody" },
  { action: "credential.reveal" },
  { action: "orphan.remove" },
  { subject: "u77/TOKEN" },
  { user_id: 77 },
  { outcome: "ok" },
  { outcome: "refused" },
  { from: day(3) },
  { to: day(300) },
  { from: day(200), to: day(199) },
  { from: day(200), to: day(199), actor: "u77" },
  { actor: "u77", outcome: "refused" },
];

async function p95(work: (place: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const started = performance.now();
    await work(i / ROUNDS);
    times.push(performance.now() - started);
  }
  return Number(times.sort((a, b) => a - b)[Math.floor(ROUNDS * 0.95)]!.toFixed(1));
}

/** The lists of users and audit, each filter at pages from all over; prints the p95 in ms. */
export async function benchLists(): Promise<void> {
  const dataDir = await Deno.realPath(await Deno.makeTempDir({ prefix: "lists-bench-" }));
  const { stop, ...server } = await startEmbedded({ dataDir, log: SILENT });
  try {
    const signal = new AbortController().signal;
    const address = { ...server, database: "dashkeeper" };
    const db = await connectMaster(address, { waitMs: 10_000, log: SILENT, signal });
    await migrate(db);
    await withDeadline(DEADLINES.long, () => fill(db));
    const rows: Record<string, string | number>[] = [];
    for (const filter of USERS) {
      const page = (place: number) => ({
        limit: 50,
        after: place === 0 ? "" : `u${Math.floor(place * 16).toString(16)}`,
      });
      const ms = await p95((place) => listedUsers(db, WHO, filter, page(filter.q ? 0 : place)));
      rows.push({ list: "users", filter: JSON.stringify(filter), ms });
    }
    for (const filter of AUDIT) {
      const below = (place: number) => Math.ceil(COUNT * (1 - place));
      const ms = await p95((place) =>
        pageOfAudit(db, WHO, filter, { limit: 50, below: below(place) })
      );
      rows.push({ list: "audit", filter: JSON.stringify(filter), ms });
    }
    console.table(rows);
    await db.end({ timeout: 1 });
  } finally {
    await stop();
    const cluster = await Deno.realPath(`${dataDir}/postgres`).catch(() => dataDir);
    for (const folder of new Set([dirname(cluster), dataDir])) {
      if (folder !== "/tmp") await Deno.remove(folder, { recursive: true }).catch(() => {});
    }
  }
}
