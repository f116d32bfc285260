import { deepStrictEqual as same, strictEqual as equal } from "node:assert";
import { isIgnored, isRead, readComment } from "../../../src/measures/mapping/comments.ts";

Deno.test("readComment() finds the word and the unit that are for Dashkeeper, and nothing else", () => {
  const cases: [string | null, ReturnType<typeof readComment>][] = [
    ["dashkeeper: setup_wns [ns]", { word: "setup_wns", unit: "ns" }],
    ["Worst slack. Dashkeeper:run", { word: "run", unit: null }],
    ["dashkeeper: area [ µm² ]\nfrom report_area", { word: "area", unit: "µm²" }],
    ["dashkeeper: group.", { word: "group", unit: null }],
    ["dashkeeper: ", null],
    ["mydashkeeper: run", null],
    ["", null],
    [null, null],
  ];
  for (const [text, expected] of cases) same(readComment(text), expected, String(text));
});

Deno.test("isIgnored() and isRead() are of a table's comment", () => {
  equal(isIgnored("dashkeeper: ignore"), true);
  equal(isIgnored("a table to ignore"), false);
  equal(isRead("dashkeeper: read"), true);
  equal(isRead(null), false);
});
