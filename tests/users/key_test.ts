import { match, notDeepStrictEqual as differs, ok, strictEqual as equal } from "node:assert";
import { hashKey, isKey, makeKey } from "../../src/users/key.ts";
import { scramVerifier } from "../../src/workspaces/scram.ts";

Deno.test("makeKey() makes keys that isKey() knows, each one new", async () => {
  const keys = await Promise.all(Array.from({ length: 50 }, makeKey));
  equal(new Set(keys).size, 50);
  for (const key of keys) {
    match(key, /^dk_[\w-]{49}$/);
    equal(await isKey(key), true);
  }
});

Deno.test("isKey() notices every single wrong, missing or added character", async () => {
  const key = await makeKey();
  for (let i = 0; i < key.length; i++) {
    const other = key[i] === "x" ? "y" : "x";
    equal(await isKey(key.slice(0, i) + other + key.slice(i + 1)), false, `character ${i}`);
    equal(await isKey(key.slice(0, i) + key.slice(i + 1)), false, `without ${i}`);
  }
  for (const text of ["", "dk_", key + "A", ` ${key}`, `${key}\n`, key.toUpperCase()]) {
    equal(await isKey(text), false, JSON.stringify(text));
  }
});

Deno.test("hashKey() is SHA-256 of the key", async () => {
  const hash = await hashKey("abc");
  // FIPS 180-2, appendix B.1
  equal(hash.toHex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  differs(await hashKey("abd"), hash);
});

Deno.test("scramVerifier() makes what PostgreSQL stores of a password", async () => {
  // RFC 7677's example: user "user", password "pencil", its salt and 4096 iterations.
  const salt = Uint8Array.fromBase64("W22ZaJ0SNY7soEsUEjb6gQ==");
  const verifier = await scramVerifier("pencil", salt);
  equal(
    verifier,
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$" +
      "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
  ok(await scramVerifier("pencil") !== await scramVerifier("pencil"), "the salt is new each time");
});
