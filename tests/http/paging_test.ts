import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { cursor, Id, Limit, writeCursor } from "../../src/http/paging.ts";

const fails = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  !schema.safeParse(value).success;

Deno.test("cursor() reads what writeCursor() wrote, and nothing else", () => {
  const ids = cursor(/^[1-9]\d{0,14}$/);
  equal(ids.parse(writeCursor(123)), "123");
  equal(cursor(/^[\w-]{1,32}$/).parse(writeCursor("ada-b_2")), "ada-b_2");
  equal(writeCursor(null), null);
  equal(ids.parse(undefined), undefined);
  const forged = [
    "",
    "123",
    "!",
    "🦀",
    writeCursor("0"),
    writeCursor("-1"),
    writeCursor("1 or 1=1"),
    writeCursor("1\n"),
    writeCursor("9".repeat(16)),
    writeCursor("9".repeat(300)),
    new Uint8Array([0xff, 0xfe]).toBase64({ alphabet: "base64url" }),
  ];
  for (const text of forged) equal(fails(ids, text), true, String(text));
});

Deno.test("Limit takes 1 to 500, and is 50 when nothing is said", () => {
  same([Limit.parse(undefined), Limit.parse("1"), Limit.parse("500")], [50, 1, 500]);
  for (const text of ["0", "501", "-1", "1.5", "1e2", "01", "", " 1", "999999", ["1", "2"]]) {
    equal(fails(Limit, text), true, String(text));
  }
});

Deno.test("Id takes whole numbers that a JSON number can hold", () => {
  same([Id.parse("1"), Id.parse("999999999999999")], [1, 999_999_999_999_999]);
  for (const text of ["0", "01", "-1", "1.0", "0x1", "", "1 ", "9".repeat(16), "١"]) {
    equal(fails(Id, text), true, text);
  }
});
