import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { never } from "../help/time.ts";
import { signingKeyOf } from "../help/world/deps.ts";
import { startWorld } from "../help/world/world.ts";
import { openBoard } from "../../src/dashboards/board/board.ts";
import {
  CAPTURE_HEADER,
  isCapture,
  isLink,
  signCapture,
  signLink,
} from "../../src/boards/access.ts";
import { createNext } from "../../src/pipeline/create/create.ts";
import { advance, claimNext } from "../../src/pipeline/row.ts";
import { AppError } from "../../src/errors.ts";

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const DAY = 86_400_000;
const key = await signingKeyOf(new Uint8Array(32).fill(5));

/** Ada's real board of a table that is claimed by a capture, and Bob, who may not see it. */
async function start() {
  const test = await startWorld({ user: true });
  await test.run("create table runs as select n as area from generate_series(1, 5) n");
  same(await test.found(), ["runs 1"]);
  ok(await createNext(test.deps, never));
  const claim = (await claimNext(test.db, "capture"))!;
  const { id } = claim;
  const bob = await test.addAccount({ username: "bob" });
  const { signingKey } = test.deps;
  return Object.assign(test, {
    id,
    claim,
    bob,
    signature: await signLink(signingKey, id, 30),
    token: await signCapture(signingKey, id, claim.claim_id),
    page: (query = "", headers: Record<string, string> = {}, board = id) =>
      test.send("GET", `/boards/${board}${query}`, { headers }),
    query: (query = "", headers: Record<string, string> = {}, json: unknown = { panel_id: 1 }) =>
      test.send("POST", `/boards/${id}/query${query}`, { headers, json }),
  });
}

Deno.test("isLink() holds for its one board until its time has come", async () => {
  const now = Date.parse("2026-03-01T12:00:00Z");
  const signature = await signLink(key, 7, 30, now);
  match(signature, /^\d+\.[\w-]{43}$/);
  equal(await isLink(key, 7, signature, now + 30 * DAY - 1000), true);
  equal(await isLink(key, 7, signature, now + 30 * DAY + 1000), false);
  equal(await isLink(key, 8, signature, now), false);
  equal(await isLink(await signingKeyOf(new Uint8Array(32)), 7, signature, now), false);
  const [expires, hmac] = signature.split(".");
  const later = `${Number(expires) + 86_400}.${hmac}`;
  const flipped = `${expires}.${hmac![0] === "A" ? "B" : "A"}${hmac!.slice(1)}`;
  for (
    const text of [later, flipped, "", ".", hmac!, `${expires}.`, `-1.${hmac}`, `${signature}.`]
  ) {
    equal(await isLink(key, 7, text, now), false, text);
  }
});

Deno.test("isCapture() holds for one board and one attempt", async () => {
  const [a, b] = [crypto.randomUUID(), crypto.randomUUID()];
  const token = await signCapture(key, 7, a);
  equal(await isCapture(key, 7, a, token), true);
  equal(await isCapture(key, 7, b, token), false);
  equal(await isCapture(key, 8, a, token), false);
  equal(await isCapture(key, 7, null, token), false);
  equal(await isLink(key, 7, token), false, "a capture's token is no link");
});

Deno.test("openBoard() opens for a session, a link and a capture", async () => {
  await using test = await start();
  for (const api_key of [test.ada.api_key, test.admin]) {
    const headers = { cookie: await test.signIn(api_key) };
    const page = await test.page("", headers);
    equal(page.status, 200);
    ok(page.text.includes('id="board-data"') && page.text.includes("runs"));
    equal((await test.query("", headers)).status, 200);
  }
  const linked = await test.page(`?signature=${test.signature}`);
  same([linked.status, linked.headers.get("cache-control")], [200, "no-store"]);
  ok(linked.text.includes("no-referrer"), "the signature does not travel on");
  equal((await test.query(`?signature=${test.signature}`)).status, 200);

  const headers = { [CAPTURE_HEADER]: test.token };
  const captured = await test.page("", headers);
  equal(captured.status, 200);
  ok(!captured.text.includes("board-header"), "the picture is of the board alone");
  equal((await test.query("", headers)).status, 200);
});

Deno.test("openBoard() refuses what is of another board, too old or tampered with", async () => {
  await using test = await start();
  const { signingKey } = test.deps;
  const other = await signLink(signingKey, test.id + 1, 30);
  const old = await signLink(signingKey, test.id, 30, Date.now() - 31 * DAY);
  const changed = test.signature.slice(0, -2) + "AA";
  for (const signature of [other, old, changed, "", "x"]) {
    const page = await test.page(`?signature=${signature}`);
    equal(page.status, 403, signature);
    ok(page.text.includes("link has expired"));
    const query = await test.query(`?signature=${signature}`);
    same([query.status, query.body.code], [403, "link_expired"]);
  }
  const foreign = await signCapture(signingKey, test.id + 1, test.claim.claim_id);
  for (const token of [foreign, test.token.slice(1), "x"]) {
    const headers = { [CAPTURE_HEADER]: token };
    equal((await test.page("", headers)).status, 403);
    equal((await test.query("", headers)).status, 403);
  }
  // What does not hold takes nothing from somebody who is signed in.
  const headers = { cookie: await test.signIn(test.ada.api_key) };
  equal((await test.page(`?signature=${old}`, headers)).status, 200);
});

Deno.test("a capture's token ends with its claim", async () => {
  await using test = await start();
  const headers = { [CAPTURE_HEADER]: test.token };
  equal((await test.page("", headers)).status, 200);
  await advance(test.db, test.claim, "notify");
  equal((await test.page("", headers)).status, 403);
  await test.db`update dashboards set step = 'capture'`;
  await claimNext(test.db, "capture");
  equal((await test.page("", headers)).status, 403, "the next attempt has its own");
});

Deno.test("openBoard() is closed to strangers and to other members", async () => {
  await using test = await start();
  const stranger = await test.page();
  const location = `/sign-in?next=${encodeURIComponent(`/boards/${test.id}`)}`;
  same([stranger.status, stranger.headers.get("location")], [303, location]);
  const asked = await test.query();
  same([asked.status, asked.body.code], [401, "key_missing"]);

  const headers = { cookie: await test.signIn(test.bob.api_key) };
  equal((await test.page("", headers)).status, 404);
  const query = await test.query("", headers);
  same([query.status, query.body.code], [404, "dashboard_unknown"]);
  // A board that is not there answers the same: nobody learns which ids there are.
  equal((await test.page("", headers, 999_999)).status, 404);
  equal((await test.page("", {}, 999_999)).status, 303);
  equal((await test.page("?signature=1.x", {}, 999_999)).status, 403);
});

Deno.test("openBoard() opens no board that was removed or not drawn yet", async () => {
  await using test = await start();
  const headers = { cookie: await test.signIn(test.ada.api_key) };
  await test.db`update dashboards set board = null`;
  equal((await test.page("", headers)).status, 404);
  const proof = { signature: test.signature };
  const wanted = (code: string) => (error: unknown) =>
    error instanceof AppError && error.code === code;
  await rejects(openBoard(test.deps, test.id, proof), wanted("board_unknown"));
  await test.db`update dashboards set board = '{}', deleted_at = now()`;
  await rejects(openBoard(test.deps, test.id, proof), wanted("dashboard_unknown"));
  equal((await test.page("", headers)).status, 404);
});

Deno.test("queryBoard() runs the stored SQL alone, whatever a caller sends", async () => {
  await using test = await start();
  const query = (json: unknown) => test.query(`?signature=${test.signature}`, {}, json);
  const rawSql = "select version()";
  const honest = (await query({ panel_id: 1 })).body;
  const sent = { panel_id: 1, rawSql, sql: rawSql, queries: [{ refId: "A", rawSql }] };
  const answer = await query(sent);
  ok(answer.status === 422 || answer.status === 200, answer.text);
  if (answer.status === 200) same(answer.body, honest);
  ok(!answer.text.includes("PostgreSQL 1"), answer.text);

  equal((await query({ panel_id: 999 })).status, 404);
  for (const json of [{}, { panel_id: "1" }, { panel_id: 1.5 }, [], null, rawSql]) {
    equal((await query(json)).status, 422, JSON.stringify(json));
  }
  const bad = await test.send("POST", `/boards/${test.id}/query?signature=${test.signature}`, {
    body: "not JSON",
  });
  ok(bad.status === 422 || bad.status === 403, bad.text);
});

Deno.test("queryBoard() answers as the reader of the board's owner, rows and all", async () => {
  await using test = await start();
  const { status, body } = await test.query(`?signature=${test.signature}`);
  equal(status, 200);
  const [frame] = body.results.A.frames;
  ok(frame.schema.fields.length > 0 && frame.data.values[0].length > 0, JSON.stringify(body));
  await test.run(`revoke select on runs from ${test.ada.username}_reader`);
  const refused = await test.query(`?signature=${test.signature}`);
  equal(refused.status, 400);
  const { request_id, ...rest } = refused.body;
  same(rest, {
    error: "Bad Request",
    message: "The query reads something that the reader role has no permission for.",
    code: "query_refused",
  });
  ok(request_id);
});

Deno.test("queryBoard() says so when the database does not answer, and the log no more", async () => {
  await using test = await start();
  test.deps.servers.of("").address.port = 1;
  const { status, body, headers } = await test.query(`?signature=${test.signature}`);
  same([status, body.code, headers.get("retry-after")], [503, "database_unavailable", "5"]);
  ok(!test.lines.join().includes(test.signature));
});

Deno.test("queryBoard() ends with its page, and the log calls that no fault", async () => {
  await using test = await start();
  await using lock = await test.session();
  await lock`begin`;
  await lock`lock table public.runs`;
  const waits = async (n: number) => {
    const rows = async () =>
      (await test.db`
        select from pg_stat_activity
        where wait_event_type = 'Lock' and usename = ${`${test.ada.username}_reader`}`).length;
    for (let i = 0; i < 100 && await rows() !== n; i++) await pause(50);
    equal(await rows(), n);
  };
  const closed = new AbortController();
  const asked = fetch(`${test.origin}/boards/${test.id}/query?signature=${test.signature}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ panel_id: 1 }),
    signal: closed.signal,
  });
  await waits(1);
  closed.abort();
  await rejects(asked, { name: "AbortError" });
  await waits(0);
  for (let i = 0; i < 100 && !test.lines.some((line) => line.includes("/query")); i++) {
    await pause(50);
  }
  const said = test.lines.filter((line) => /\/query|AbortError/.test(line));
  equal(said.length, 1, said.join("\n"));
  match(said[0]!, /\/query 400 /);
});
