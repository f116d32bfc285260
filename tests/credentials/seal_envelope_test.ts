import { deepStrictEqual as same, match, ok, rejects, strictEqual as equal } from "node:assert";
import { checkSealKeys } from "../../src/credentials/installation.ts";
import {
  importSealKey,
  loadSealKeys,
  open,
  rewrap,
  seal,
  SealError,
} from "../../src/credentials/seal.ts";
import { ExternalError } from "../../src/errors.ts";
import { embeddedSealKeys, writeEmbeddedSealKeys } from "../../src/external/seal_key.ts";
import type { Sql } from "../../src/external/postgres/postgres.ts";
import { freshDatabase } from "../help/world/postgres.ts";
import { SEALED_COLUMNS } from "../../src/sealed.ts";

const bytes = (seed: number) => new Uint8Array(32).fill(seed);
const keyOf = (seed: number) => importSealKey(bytes(seed));
const PLACE = "credentials/7/TOKEN";

Deno.test("rewrap() changes the key and leaves the value closed", async () => {
  const [old, current] = [await keyOf(1), await keyOf(2)];
  const sealed = await seal({ current: old }, PLACE, "a secret");
  const fresh = (await rewrap({ current, previous: old }, PLACE, sealed))!;
  const [before, after] = [sealed.split("."), fresh.split(".")];
  same([after[0], after[1], after[3]], ["dk1", current.id, before[3]]);
  ok(after[2] !== before[2]);
  equal(await open({ current }, PLACE, fresh), "a secret");
  await rejects(open({ current: old }, PLACE, fresh), SealError);
  equal(await rewrap({ current, previous: old }, PLACE, fresh), undefined);
});

Deno.test("rewrap() refuses what was copied from elsewhere, damaged, or sealed with another key", async () => {
  const keys = { current: await keyOf(2), previous: await keyOf(1) };
  const sealed = await seal({ current: keys.previous }, PLACE, "a secret");
  const [format, id, wrapped, value] = sealed.split(".") as [string, string, string, string];
  const turned = wrapped.startsWith("A") ? `B${wrapped.slice(1)}` : `A${wrapped.slice(1)}`;
  for (
    const [where, text] of [
      ["credentials/8/TOKEN", sealed],
      [PLACE, [format, id, turned, value].join(".")],
      [PLACE, [format, id, "not base64!", value].join(".")],
      [PLACE, [format, "0badc0de", wrapped, value].join(".")],
      [PLACE, ["dk2", id, wrapped, value].join(".")],
      [PLACE, "plain"],
    ] as const
  ) {
    await rejects(rewrap(keys, where, text), SealError, text);
  }
});

Deno.test("loadSealKeys() follows its source: before each seal(), and where a key is unknown", async () => {
  let source = [bytes(1)];
  let reads = 0;
  const keys = await loadSealKeys(() => {
    reads++;
    return Promise.resolve(source);
  });
  const [one, two, three] = [await keyOf(1), await keyOf(2), await keyOf(3)];
  same([keys.current.id, keys.previous], [one.id, undefined]);
  const first = await seal(keys, PLACE, "first");

  source = [bytes(2), bytes(1)];
  const second = await seal(keys, PLACE, "second");
  same([keys.current.id, keys.previous?.id, second.split(".")[1]], [two.id, one.id, two.id]);
  equal(await open(keys, PLACE, first), "first");

  source = [bytes(3), bytes(2)];
  const third = await seal({ current: three }, PLACE, "third");
  const before = reads;
  equal(await open(keys, PLACE, third), "third"); // reads the source anew
  equal(await open(keys, PLACE, second), "second"); // need not
  equal(reads, before + 1);
  await rejects(open(keys, PLACE, first), new RegExp(`sealed with the key ${one.id}`));

  source = [bytes(3)];
  await keys.refresh!();
  equal(keys.previous, undefined);
  await rejects(open(keys, PLACE, second), SealError);
});

Deno.test("writeEmbeddedSealKeys() puts up to two keys in the file, for its owner alone", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "dashkeeper-seal-" });
  try {
    const [made] = await embeddedSealKeys(dataDir);
    same(await embeddedSealKeys(dataDir), [made]);
    await Deno.writeTextFile(`${dataDir}/seal.key.new`, "what a killed one left", { mode: 0o644 });
    await writeEmbeddedSealKeys(dataDir, [bytes(2), made!]);
    same(await embeddedSealKeys(dataDir), [bytes(2), made]);
    equal((await Deno.stat(`${dataDir}/seal.key`)).mode! & 0o777, 0o600);
    same((await Array.fromAsync(Deno.readDir(dataDir))).length, 1);
    for (const text of ["", "no key", `${bytes(1).toBase64()}\n`.repeat(3), "AAAA"]) {
      await Deno.writeTextFile(`${dataDir}/seal.key`, text);
      await rejects(embeddedSealKeys(dataDir), /does not hold a seal key/, text);
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

/** 200,000 credentials that name the current key, and one among them that names `other`. */
async function fill(db: Sql, current: string, other: string) {
  await db`insert into users (username, role)
    select 'u' || n, 'member' from generate_series(1, 20000) n`;
  await db`insert into credentials (user_id, key_name, key_value)
    select u.id, 'K' || n,
      'dk1.' || case when u.id = 7777 and n = 3 then ${other} else ${current} end || '.a.b'
    from users u, generate_series(1, 10) n`;
  await db`analyze credentials`;
}

Deno.test("checkSealKeys() names the one key that is missing among 200,000 rows, at once", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const current = await keyOf(1);
  const lost = await keyOf(2);
  await fill(db, current.id, lost.id);
  await rejects(checkSealKeys(db, { current }, SEALED_COLUMNS), (error) => {
    ok(error instanceof ExternalError && error.permanent);
    match(
      error.message,
      new RegExp(`at hand is ${current.id}, .* are sealed with ${lost.id}: set SEAL_KEY`),
    );
    return true;
  });
  const started = performance.now();
  await checkSealKeys(db, { current, previous: lost }, SEALED_COLUMNS);
  const ms = performance.now() - started;
  ok(ms < 250, `${ms.toFixed(0)} ms`);
  const plan = await db<{ "QUERY PLAN": string }[]>`
    explain (costs off) select split_part(key_value, '.', 2) from credentials
    where split_part(key_value, '.', 2) > ${current.id} order by 1 limit 1`;
  match(
    plan.map((row) => row["QUERY PLAN"]).join("\n"),
    /Index (Only )?Scan using credentials_split_part_idx/,
  );
});

Deno.test("checkSealKeys() asks for the key of passwords that are being changed", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const current = await keyOf(1);
  await db`insert into users (username, role) values ('ada', 'member')`;
  await db`insert into workspaces (user_id, username, owner_password, reader_password)
    values (1, 'ada', ${`dk1.${current.id}.a.b`}, ${`dk1.${current.id}.a.b`})`;
  await checkSealKeys(db, { current }, SEALED_COLUMNS);
  await db`update workspaces set next_owner_password = 'dk1.0badc0de.a.b'`;
  await rejects(checkSealKeys(db, { current }, SEALED_COLUMNS), /sealed with 0badc0de:/);
  await db`update workspaces
    set next_owner_password = null, next_reader_password = 'dk1.deadbeef.a.b'`;
  await rejects(checkSealKeys(db, { current }, SEALED_COLUMNS), /sealed with deadbeef:/);
});

Deno.test("checkSealKeys() asks for no key where a row holds no sealed text, or its key was retired", async () => {
  await using fresh = await freshDatabase();
  const { db } = fresh;
  const current = await keyOf(1);
  await db`insert into users (username, role) values ('ada', 'member')`;
  await db`insert into credentials (user_id, key_name, key_value) values (1, 'A', 'plain'),
    (1, 'B', 'dk1.0badc0de.a.b')`;
  await rejects(checkSealKeys(db, { current }, SEALED_COLUMNS), /sealed with 0badc0de:/);
  await db`insert into settings (name, value) values ('retired_seal_keys', 'deadbeef 0badc0de')`;
  await checkSealKeys(db, { current }, SEALED_COLUMNS);
});
