import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert";
import { insertEntry, type NewEntry } from "../../src/audit/store.ts";
import { startWorld, type World } from "../help/world/world.ts";

const HOSTILE = `=cmd|'/c calc'!A1 "<script>alert(1)</script>"`;

const entry = (more: Partial<NewEntry>): NewEntry => ({
  actor: "ada",
  action: "credential.reveal",
  subject: "ada/TOKEN",
  user_id: 7,
  from: "10.0.0.1",
  outcome: "ok",
  ...more,
});

/** The pages as `key` sees them. */
async function visitor(world: World, key: string) {
  const headers = { cookie: await world.signIn(key) };
  return (path: string) => world.send("GET", path, { headers });
}

/** The subjects of a CSV, which has no line ends in its cells. */
const subjects = (csv: string) => csv.trimEnd().split("\r\n").slice(1).map((l) => l.split(",")[4]);

Deno.test("/audit and /audit.csv filter by each field, and show hostile text as text", async () => {
  await using world = await startWorld();
  const { db } = world;
  const bob = await world.addAccount({ username: "bob" });
  await insertEntry(db, entry({ subject: "s-actor", actor: "eve" }));
  await insertEntry(db, entry({ subject: "s-action", action: "template.remove" }));
  await insertEntry(db, entry({ subject: "s-user", user_id: bob.id }));
  await insertEntry(db, entry({ subject: "s-outcome", outcome: "refused" }));
  await insertEntry(db, entry({ subject: "gone", action: "user.remove", user_id: 99 }));
  await insertEntry(db, entry({ subject: "s-gone", user_id: 99 }));
  await insertEntry(db, entry({ subject: HOSTILE, actor: HOSTILE }));
  await db`alter table audit disable trigger only_added_to`;
  await db`update audit set at = now() - interval '2 days' where subject = 's-actor'`;
  const admin = await visitor(world, world.admin);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 16);
  const tries: [query: string, found: string[]][] = [
    ["actor=eve", ["s-actor"]],
    ["action=template.remove", ["s-action"]],
    ["subject=s-action", ["s-action"]],
    ["user=bob", ["s-user"]],
    ["user=gone", ["s-gone", "gone"]],
    ["user=nobody", []],
    ["outcome=refused", ["s-outcome"]],
    [`to=${yesterday}`, ["s-actor"]],
    [`from=${yesterday}&actor=eve`, []],
    [`from=${yesterday}&to=&user=bob&action=&outcome=ok`, ["s-user"]],
  ];
  for (const [query, found] of tries) {
    const { status, text } = await admin(`/audit?${query}`);
    equal(status, 200, query);
    const shown = [...text.matchAll(/<td class="subject">([^<]*)/g)].map(([, subject]) => subject);
    same(shown, found, query);
    same(subjects((await admin(`/audit.csv?${query}`)).text), found, query);
  }
  const { text } = await admin("/audit");
  ok(!text.includes("<script>alert") && text.includes("&lt;script&gt;"));
  const csv = await admin("/audit.csv");
  equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
  ok(csv.text.includes(`"'=cmd|'/c calc'!A1 ""<script>alert(1)</script>"""`), csv.text);
  const wrong = await admin("/audit?from=soon&actor=eve");
  equal(wrong.status, 422);
  match(wrong.text, /id="audit-from-fault">From must be a date and a time\./);
  match(wrong.text, /name="actor" aria|value="eve"/);
});

Deno.test("/audit has pages of 50, and the CSV all in batches", async () => {
  await using world = await startWorld();
  await world.db`
    insert into audit (actor, action, subject, from_address, outcome)
    select 'ada', 'user.change', 'n' || n, '', 'ok' from generate_series(1, 2101) n`;
  const admin = await visitor(world, world.admin);
  const seen: string[] = [];
  let path: string | undefined = "/audit?actor=ada";
  for (let pages = 0; path && pages < 3; pages++) {
    const { text } = await admin(path);
    seen.push(...[...text.matchAll(/<td class="subject">([^<]*)/g)].map(([, name]) => name!));
    path = /<a href="([^"]+)" rel="next">/.exec(text)?.[1]?.replaceAll("&amp;", "&");
  }
  same(seen, Array.from({ length: 150 }, (_, i) => `n${2101 - i}`));
  const { text } = await admin("/audit.csv?actor=ada");
  same(subjects(text), Array.from({ length: 2101 }, (_, i) => `n${2101 - i}`));
});

Deno.test("/audit is for admins: members are refused, strangers sign in", async () => {
  await using world = await startWorld();
  const ada = await visitor(world, (await world.addAccount()).api_key);
  for (const path of ["/audit", "/audit.csv", "/audit?actor=admin", "/audit.csv?from=x"]) {
    const { status, text } = await ada(path);
    ok(status === 403 || status === 422, path);
    ok(!text.includes("session.start"), path);
    const stranger = await world.send("GET", path);
    equal(stranger.status, 303, path);
    match(stranger.headers.get("location")!, /^\/sign-in\?next=/);
  }
  const call = (query: string) => world.call("GET", `/audit?${query}`, { key: world.admin });
  equal(
    (await call("outcome=refused&from=2026-01-01T00:00:00Z&to=2126-01-01T00:00:00Z")).status,
    200,
  );
  equal((await call("from=yesterday")).status, 422);
  equal((await call("outcome=maybe")).status, 422);
});
