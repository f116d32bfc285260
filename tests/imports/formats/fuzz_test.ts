import { equal, ok, throws } from "node:assert/strict";
import { ParseError } from "../../../src/imports/formats/format.ts";
import { collect, random } from "../../help/imports/collect.ts";
import { realReports } from "../../help/imports/reports.ts";
import { fuzz } from "../../soak/fuzz/fuzz.ts";

Deno.test("300 changed reports give rows or a ParseError, in time, and the same in pieces", () => {
  const { read, refused } = fuzz(300, 20);
  equal(read + refused, 300);
  ok(read > 30 && refused > 30);
});

/** The last text of a whole file; what follows it may be missing. */
const ENDS: Record<string, RegExp> = {
  "klayout-lyrdb": /<\/report-database>/,
  "junit-cocotb": /<\/testsuites>/,
  "librelane-metrics-json": /\}\s*$/,
  "magic-drc": /COUNT: \d+/,
  "netgen-lvs": /Final result: .*\./,
};

Deno.test("of 1,000 reports that are cut before their end mark none is read", () => {
  const files = realReports().filter(({ format }) => format.name in ENDS);
  const next = random(4);
  for (let i = 0; i < 1_000; i++) {
    const { file, text, format } = files[i % files.length]!;
    const mark = ENDS[format.name]!.exec(text)!;
    const end = mark.index + mark[0].length - 1;
    const at = Math.floor((i % 5 === 0 ? 1 - next() / 50 : next()) * end);
    throws(() => collect(format, text.slice(0, at), file), ParseError, `${file} at ${at}`);
  }
});
