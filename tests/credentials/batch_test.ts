import { deepStrictEqual as same, rejects, strictEqual as equal } from "node:assert";
import { revealCredential } from "../../src/credentials/store.ts";
import { inBatches } from "../../src/credentials/batch.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { insertUser } from "../../src/users/store.ts";
import { freshDatabase } from "../help/world/postgres.ts";

/** Statements that end when they are told to. Only the identity of the pool counts here. */
function heldStatements() {
  const db = (() => {}) as unknown as Sql;
  const batches: { questions: string[]; end: (error?: Error) => void }[] = [];
  const ask = inBatches(async (_db, questions: string[]) => {
    await new Promise<void>((resolve, reject) => {
      batches.push({ questions, end: (error) => error ? reject(error) : resolve() });
    });
    return questions.map((question) => `${question}!`);
  });
  return { batches, ask: (question: string) => ask(db, question) };
}
const turn = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("inBatches() gathers what is asked while two statements are under way", async () => {
  const { batches, ask } = heldStatements();
  const answers = Promise.all(["a", "b", "c", "d"].map(ask));
  same(batches.map(({ questions }) => questions), [["a"], ["b"]]);
  batches[1]!.end();
  await turn();
  same(batches[2]!.questions, ["c", "d"]);
  batches[0]!.end();
  batches[2]!.end();
  same(await answers, ["a!", "b!", "c!", "d!"]);
});

Deno.test("inBatches() answers nothing from a statement that began before the question", async () => {
  const { batches, ask } = heldStatements();
  const answers = Promise.all([ask("key"), ask("other"), ask("key")]);
  equal(batches.length, 2);
  batches[0]!.end();
  await turn();
  same(batches[2]!.questions, ["key"]);
  batches[1]!.end();
  batches[2]!.end();
  same(await answers, ["key!", "other!", "key!"]);
});

Deno.test("inBatches() fails a statement's questions, and goes on with the next", async () => {
  const { batches, ask } = heldStatements();
  const lost = ask("a");
  const kept = ask("b");
  const later = ask("c");
  batches[0]!.end(new Error("gone"));
  await rejects(lost, /gone/);
  await turn();
  batches[1]!.end();
  batches[2]!.end();
  same(await Promise.all([kept, later]), ["b!", "c!"]);
});

Deno.test("revealCredential() gives each of many who ask at once its own, and records each", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const users = await Promise.all(
    ["ada", "bob", "eve"].map((name) => insertUser(db, name, "member")),
  );
  for (const { id, username } of users) {
    await db`
      insert into credentials (user_id, key_name, key_value)
      select ${id}, 'K' || i, ${username} || i from generate_series(0, 9) i`;
  }
  const asked = users.flatMap(({ id, username }) =>
    Array.from({ length: 12 }, (_, i) => ({ id, username, key_name: `K${i}` }))
  );
  const rows = await Promise.all(
    asked.map(({ id, username: by, key_name }) =>
      revealCredential(db, { user_id: id, key_name, by, from: `at ${by}` })
    ),
  );
  same(
    rows.map((row) => row?.id ? row.key_value : null),
    asked.map(({ username, key_name }) =>
      /K\d$/.test(key_name) ? username + key_name.slice(1) : null
    ),
  );
  const stranger = { user_id: 999, key_name: "K1", by: "ada", from: "" };
  equal(await revealCredential(db, stranger), undefined);
  const entries = await db<{ text: string }[]>`
    select concat_ws(' ', user_id, actor, action, subject, from_address, outcome) as text from audit`;
  same(
    entries.map(({ text }) => text).sort(),
    asked.map(({ id, username, key_name }) =>
      `${id} ${username} credential.reveal ${username}/${key_name} at ${username} ${
        /K\d$/.test(key_name) ? "ok" : "refused"
      }`
    ).sort(),
  );
});

Deno.test("revealCredential() gives no value where the record cannot be written", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const { id } = await insertUser(db, "ada", "member");
  await db`insert into credentials (user_id, key_name, key_value) values (${id}, 'K', 'sealed')`;
  await db`alter table audit add constraint full_disk check (false) not valid`;
  await rejects(revealCredential(db, { user_id: id, key_name: "K", by: "ada", from: "" }));
});
