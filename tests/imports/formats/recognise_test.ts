import { ok } from "node:assert/strict";
import { FORMATS } from "../../../src/imports/formats/registry.ts";
import { NOT_READ } from "../../../src/imports/formats/vendors/vendors.ts";

const SIZE = 64 * 1024;
const HEADS = ["", '{ "', "{\n", "=== "];
const BODIES = [
  ...["a", "_", " ", "\n", "\t", "9", "=", "-", "|", '"', ",", ";", "a ", " \n", "a__", "- "],
  ...["__corner:", '":', '="', "<a ", "Clock c\n", "Startpoint: a\n", "\r\n"],
];

Deno.test("recognise() takes less than 3 s, also of a busy machine, for a start of one repeated text", () => {
  for (const head of HEADS) {
    for (const body of BODIES) {
      const start = (head + body.repeat(SIZE)).slice(0, SIZE);
      for (const format of [...FORMATS, ...NOT_READ]) {
        const began = performance.now();
        format.recognise(start, "report");
        const ms = performance.now() - began;
        ok(ms < 3_000, `${format.name}: ${ms} ms for ${JSON.stringify(head + body)}…`);
      }
    }
  }
});
