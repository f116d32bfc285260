import { deepStrictEqual as same, match, ok, strictEqual as equal } from "node:assert/strict";
import { jsonLine, plainLine } from "../../../src/external/log/line.ts";
import type { Fields } from "../../../src/external/log/log.ts";
import { makeRedactor } from "../../../src/external/log/redact.ts";

const time = "2026-01-02T03:04:05.678Z";
const { redact } = makeRedactor();
const entry = (message: string, fields: Fields = {}) => {
  return { time, level: "INFO" as const, message, fields };
};
const json = (message: string, fields?: Fields) => jsonLine(entry(message, fields), redact);
const plain = (message: string, fields?: Fields) => plainLine(entry(message, fields), redact);

Deno.test("jsonLine() has time, level, message, request_id and the fields, in this order", () => {
  equal(
    json("Step create is done.", { request_id: "r1", dashboard_id: 7, run: 2, note: undefined }),
    `{"time":"${time}","level":"INFO","message":"Step create is done.","request_id":"r1",` +
      `"dashboard_id":7,"run":2}`,
  );
});

/** Names that a user may give a table, and what a client may send as a path. */
const HOSTILE = [
  "a\nb",
  "a\r\nb",
  '"}\n{"time":"2026-01-01T00:00:00.000Z","level":"ERROR","message":"forged"}',
  '","level":"ERROR","x":"',
  "\x1b[2J\x1b[31mERROR\x1b[0m",
  "\x9b2J\x85\x7f\b\0",
  "\u2028\u2029\u202eERROR\u2066\ufeff\u200b",
  "\ud800",
  "x\\",
  " level=ERROR request_id=forged",
];

Deno.test("jsonLine() is one line of plain text that reads back, whatever a value holds", () => {
  for (const text of HOSTILE) {
    const line = json(text, { table_name: text });
    // deno-lint-ignore no-control-regex
    ok(!/[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066\ufeff]/.test(line), line);
    const { level, message, table_name, ...others } = JSON.parse(line);
    same([level, message, table_name], ["INFO", text, text]);
    same(Object.keys(others), ["time"]);
  }
});

Deno.test("plainLine() is one line that starts with its time and level, whatever a value holds", () => {
  equal(plain("GET /me 200", { ms: 3, path: "/me" }), `${time} INFO    GET /me 200 ms=3 path=/me`);
  for (const text of HOSTILE) {
    const line = plain(text, { table_name: text });
    // deno-lint-ignore no-control-regex
    ok(!/[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066\ufeff]/.test(line), line);
    ok(line.startsWith(`${time} INFO    `));
    // A value with blanks stands in quotes: it adds no field.
    ok(line.endsWith('"') || line.endsWith(`=${text}`), line);
  }
});

Deno.test("jsonLine() shows no field whose name is a secret's, and no object", () => {
  const error = Object.assign(new Error("hush"), { more: "hush" });
  const fields = { password: "hush", api_key: "hush", key_value: "hush", token: "hush", x: error };
  const line = json("A message.", { ...fields, key_name: "TIMING_DATABASE_URL" } as never);
  ok(!line.includes("hush"), line);
  match(line, /"key_name":"TIMING_DATABASE_URL"/);
});

Deno.test("redact() blanks out what looks like a secret", () => {
  const secrets = [
    "xoxb-12345-abcdef",
    "xapp-1-A-2-b",
    "glsa_Ab12cd_34ef",
    "dk_Zm9vYmFyYmF6",
    "Bearer abc.def.ghi",
    "postgresql://ada_owner:pa%2Fss@db.lab:5432/ada_timing",
    "https://dash.lab/boards/7?expires=1&signature=abcDEF123",
    'password="a b c"',
    "eyJhbGciOi.J9.x",
  ];
  const shown = redact(secrets.join(" and "));
  for (const part of ["12345", "Ab12", "Zm9v", "abc.def", "pa%2Fss", "DEF123", "a b c", "hbGci"]) {
    ok(!shown.includes(part), shown);
  }
  match(shown, /postgresql:\/\/…@db\.lab:5432\/ada_timing/);
});

Deno.test("redact() blanks out a secret that it was told, also in a URL; not what is too short", () => {
  const { hide, redact } = makeRedactor();
  hide(["p w/§.*", "abc", "", "longer p w/§.* one"]);
  equal(redact("with p w/§.* and p%20w%2F%C2%A7.* and abc"), "with … and … and abc");
  equal(redact("longer p w/§.* one"), "…");
  hide(["another"]);
  equal(redact("p w/§.* another"), "… …");
});

Deno.test("redact() cuts a long text off between words, in no time", () => {
  const shown = redact(`${"word ".repeat(300)}dk_${"x".repeat(5000)}`);
  equal(shown, `${"word ".repeat(300).trimEnd()}…`);
  const started = performance.now();
  for (const part of ["x", "token", "token ", "://a", "bearer "]) redact(part.repeat(200_000));
  ok(performance.now() - started < 1000, `${performance.now() - started} ms`);
});
