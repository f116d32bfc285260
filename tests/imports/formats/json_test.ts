import { deepStrictEqual as same, equal, throws } from "node:assert/strict";
import { ParseError } from "../../../src/imports/formats/format.ts";
import { json, jsonLines } from "../../../src/imports/formats/json/json.ts";
import { collect, pieces, random, type Row } from "../../help/imports/collect.ts";

const CASES: [name: string, text: string, rows: Row[]][] = [
  [
    "an array of objects, nested ones as columns",
    '[{"design":"gcd","timing":{"wns":-0.5,"met":false}},\n {"design":"a]\\"}","tags":["x",1]}]',
    [
      { design: "gcd", "timing.wns": -0.5, "timing.met": false },
      { design: 'a]"}', tags: '["x",1]' },
    ],
  ],
  ["an empty array in an object", '{"a":1,"b":[]}', [{ a: 1, b: null }]],
  [
    "one object with a list of objects",
    '{"design":"gcd","date":{"day":"x"},"runs":[{"area":1},{"area":2}]}',
    [{ design: "gcd", "date.day": "x", area: 1 }, { design: "gcd", "date.day": "x", area: 2 }],
  ],
  [
    "one object with two lists",
    '{"a":[{"x":1}],"b":[{"y":2}]}',
    [{ a: '[{"x":1}]', b: '[{"y":2}]' }],
  ],
  [
    "NaN and Infinity of Python, not inside of strings",
    '[{"a":NaN,"b":-Infinity,"c":"NaN, inf","d":inf,"e":nan}]',
    [{ a: null, b: null, c: "NaN, inf", d: null, e: null }],
  ],
  [
    "JSON lines with other keys, blank lines and escapes",
    '{"a":1,"b":"\\\\"}\n\n{"b":"\\u00e4","c":true}\n{"a":null}',
    [{ a: 1, b: "\\" }, { b: "ä", c: true }, { a: null }],
  ],
];

for (const [name, text, rows] of CASES) {
  Deno.test(`json reads ${name}`, () => {
    const read = collect(json, text, "out.json");
    same(Object.values(read.tables).flat(), rows);
    same(Object.keys(read.tables), ["out"]);
    const next = random(5);
    for (let i = 0; i < 30; i++) same(collect(json, pieces(text, 4, next), "out.json"), read);
    same(collect(json, `\ufeff${text}\r\n`, "out.json"), read);
  });
}

const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
const wide = `[{${Array.from({ length: 1_601 }, (_, i) => `"k${i}":1`).join()}}]`;
const spread = Array.from({ length: 1_700 }, (_, i) => `{"k${i}":1}`).join("\n");

const REFUSED: [name: string, text: string, line: number, message: RegExp][] = [
  ["a file that is cut inside of an object", '[{"a":1},\n{"a":', 2, /cut/],
  ["a file that is cut between objects", '[{"a":1},\n', 2, /cut/],
  ["a file that is cut inside of a string", '{"a":"x\n', 2, /cut/],
  ["an object that is not valid", '[{"a":1},\n{"a":\n1 2}]', 3, /not valid/],
  ["an array of numbers", "[1,2]", 1, /array of objects/],
  ["an array of arrays", "[[1],[2]]", 1, /array of objects/],
  ["text after the array", '[{"a":1}]\n{"b":2}', 2, /follows/],
  ["a bracket too many", '{"a":1}\n}', 2, /closes nothing/],
  ["other text", "hello\n", 1, /array of objects/],
  ["an empty array", "[]", 1, /no objects/],
  ["an empty file", "", 1, /no objects/],
  ["101 levels", deep(101), 1, /deeper than 100/],
  ["1,601 columns", wide, 1, /at most 1600/],
  ["1,601 columns in many objects", spread, 1_601, /at most 1600/],
];

for (const [name, text, line, message] of REFUSED) {
  Deno.test(`json refuses ${name} with its line`, () => {
    for (const parts of [[text], pieces(text, 9, random(3))]) {
      throws(() => collect(json, parts, "t.json"), (error) => {
        return error instanceof ParseError && message.test(error.message) &&
          (error.line === line || name === "other text");
      });
    }
  });
}

Deno.test("json reads what is 100 levels deep, and refuses a value over 16 MiB before its end", () => {
  equal(Object.values(collect(json, deep(100), "t.json").tables)[0]!.length, 1);
  const endless = function* () {
    yield '[{"a":"';
    for (let i = 0; i < 400; i++) yield "x".repeat(60_000);
  };
  throws(() => collect(json, endless(), "t.json"), /16 MiB/);
});

Deno.test("json and json-lines are recognised by their beginning", () => {
  const sure = (text: string) => [json, jsonLines].map((one) => one.recognise(text, "x") > 0);
  same(sure('[{"a":1}]'), [true, false]);
  same(sure(' {\n "a": 1\n}\n'), [true, false]);
  same(sure('{"a":1}\n{"a":2}\n'), [false, true]);
  same(sure("[INFO] 3 errors"), [false, false]);
  same(sure("a,b\n"), [false, false]);
});
