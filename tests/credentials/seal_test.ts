import { match, notStrictEqual as differs, ok, rejects, strictEqual as equal } from "node:assert";
import { importSealKey, open, seal, SealError } from "../../src/credentials/seal.ts";
import { isSigned, sign } from "../../src/credentials/sign.ts";
import { signingKeyOf } from "../help/world/deps.ts";
import { embeddedSealKeys } from "../../src/external/seal_key.ts";

const bytes = (seed: number) => new Uint8Array(32).fill(seed);
const keys = async (seed: number) => ({ current: await importSealKey(bytes(seed)) });
const PLACE = "credentials/7/TOKEN";

Deno.test("open() gives back every text to the byte", async () => {
  const ours = await keys(1);
  const texts = [
    "",
    "a",
    "\ufeffa mark at the start",
    "crlf\r\n and nul \0 and tab\t",
    "Zürich, 東京, 🦀, e\u0301 and é",
    "x".repeat(65_536),
    "🦀".repeat(16_384),
  ];
  for (const text of texts) {
    const sealed = await seal(ours, PLACE, text);
    equal(await open(ours, PLACE, sealed), text, text.slice(0, 20));
  }
});

Deno.test("seal() shows nothing of the text, and never the same twice", async () => {
  const ours = await keys(1);
  const secret = "postgresql://ada_owner:hunter2@db/ada_timing";
  const sealed = await seal(ours, PLACE, secret);
  match(sealed, /^dk1\.[0-9a-f]{8}\.[\w-]{80}\.[\w-]+$/);
  const parts = sealed.split(".").slice(2).map((part) =>
    new TextDecoder("latin1").decode(Uint8Array.fromBase64(part, { alphabet: "base64url" }))
  );
  for (const part of ["ada", "hunter2", "postgres", bytes(1).toBase64().slice(0, 20)]) {
    ok(![sealed, ...parts].some((text) => text.includes(part)), part);
  }
  const [a, b] = [sealed, await seal(ours, PLACE, secret)].map((text) => text.split("."));
  differs(a![2], b![2]);
  differs(a![3], b![3]);
});

Deno.test("open() opens only at the place that the text was sealed for", async () => {
  const ours = await keys(1);
  const sealed = await seal(ours, PLACE, "secret");
  for (const place of ["credentials/8/TOKEN", "credentials/7/TOKEN2", "workspaces/7/owner", ""]) {
    await rejects(open(ours, place, sealed), SealError, place);
  }
});

Deno.test("open() opens only with its key, and names the one that is needed", async () => {
  const [ours, other] = [await keys(1), await keys(2)];
  const sealed = await seal(ours, PLACE, "secret");
  await rejects(open(other, PLACE, sealed), (error) => {
    ok(error instanceof SealError);
    ok(error.message.includes(ours.current.id) && error.message.includes(PLACE), error.message);
    return true;
  });
  // Another key under the same id must not open it either.
  const posing = { current: { id: ours.current.id, key: other.current.key } };
  await rejects(open(posing, PLACE, sealed), SealError);
});

Deno.test("open() opens with the previous key what seal() now seals with the current one", async () => {
  const [old, now] = [await keys(1), await keys(2)];
  const both = { current: now.current, previous: old.current };
  equal(await open(both, PLACE, await seal(old, PLACE, "old")), "old");
  const fresh = await seal(both, PLACE, "new");
  equal(await open(now, PLACE, fresh), "new");
  await rejects(open(old, PLACE, fresh), SealError);
});

Deno.test("open() refuses what was tampered with, at any byte", async () => {
  const ours = await keys(1);
  const sealed = await seal(ours, PLACE, "secret");
  const flip = (text: string, i: number) =>
    text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1);
  for (let i = 0; i < sealed.length; i++) {
    const changed = flip(sealed, i);
    // The last character of a part may hold bits that no byte has.
    const opened = await open(ours, PLACE, changed).catch((error) => {
      ok(error instanceof SealError, `${i}: ${error}`);
    });
    ok(opened === undefined || sealed[i + 1] === "." || i === sealed.length - 1, `${i}`);
  }
  const [format, id, wrapped, value] = sealed.split(".");
  const other = (await seal(ours, PLACE, "secret")).split(".");
  for (
    const text of [
      "",
      "secret",
      `${format}.${id}.${wrapped}`,
      `${format}.${id}..${value}`,
      `dk2.${id}.${wrapped}.${value}`,
      `${format}.${id}.${other[2]}.${value}`,
      `${format}.${id}.${wrapped}.${value!.slice(0, 20)}`,
    ]
  ) await rejects(open(ours, PLACE, text), SealError, text);
});

Deno.test("embeddedSealKeys() is made once, for the service alone to read, and never replaced", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [made, ...more] = await embeddedSealKeys(folder);
    equal(more.length, 0);
    equal(made!.length, 32);
    equal((await embeddedSealKeys(folder))[0]!.toHex(), made!.toHex());
    equal((await Deno.stat(`${folder}/seal.key`)).mode! & 0o777, 0o600);

    await Deno.writeTextFile(`${folder}/seal.key`, "c2hvcnQ=\n");
    await rejects(embeddedSealKeys(folder), /does not hold a seal key/);
    equal(await Deno.readTextFile(`${folder}/seal.key`), "c2hvcnQ=\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("isSigned() holds for the text and key of sign() alone", async () => {
  const [key, other] = [await signingKeyOf(bytes(1)), await signingKeyOf(bytes(2))];
  const signature = await sign(key, "board 7");
  match(signature, /^[\w-]{43}$/);
  equal(await isSigned(key, "board 7", signature), true);
  equal(await isSigned(await signingKeyOf(bytes(1)), "board 7", signature), true);
  equal(await isSigned(key, "board 8", signature), false);
  equal(await isSigned(other, "board 7", signature), false);
  for (const text of ["", "!", signature.slice(1), signature + "AAAA"]) {
    equal(await isSigned(key, "board 7", text), false, text);
  }
});
