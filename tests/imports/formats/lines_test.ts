import { deepStrictEqual as same, throws } from "node:assert/strict";
import { ParseError } from "../../../src/imports/formats/format.ts";
import { lines, LONGEST_LINE } from "../../../src/imports/formats/lines.ts";
import { pieces, random } from "../../help/imports/collect.ts";

function read(parts: Iterable<string>) {
  const seen: [string, number][] = [];
  let count = -1;
  const parser = lines((line, number) => seen.push([line, number]), (all) => count = all);
  for (const part of parts) parser.write(part);
  parser.end();
  return { seen, count };
}

Deno.test("lines() numbers lines, drops LF, CRLF and the byte order mark, wherever the text is cut", () => {
  const text = "\ufeffa\r\n\n  b\tc \r\nd\re\nlast";
  const expected = {
    seen: [["a", 1], ["", 2], ["  b\tc ", 3], ["d\re", 4], ["last", 5]],
    count: 5,
  };
  same(read([text]), expected);
  const next = random(1);
  for (let i = 0; i < 100; i++) same(read(pieces(text, 4, next)), expected);
  same(read(["a\n"]).count, 1);
  same(read([]), { seen: [], count: 0 });
});

Deno.test("lines() refuses a line over 1 MiB with its number, without waiting for its end", () => {
  const piece = "x".repeat(LONGEST_LINE / 4);
  const parser = lines(() => {});
  parser.write("short\n");
  throws(
    () => {
      for (let i = 0; i < 5; i++) parser.write(piece);
    },
    (error) => error instanceof ParseError && error.line === 2,
  );
  throws(() => lines(() => {}).write("x".repeat(LONGEST_LINE + 1) + "\n"), ParseError);
});
