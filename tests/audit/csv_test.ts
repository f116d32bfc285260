import { strictEqual as equal } from "node:assert";
import { csvLine } from "../../src/audit/csv.ts";

Deno.test("csvLine() quotes by RFC 4180, and no cell begins as a formula", () => {
  equal(csvLine([7, null, 'a "b", c', "line\nend", ""]), '7,,"a ""b"", c","line\nend",\r\n');
  for (const first of ["=", "+", "-", "@", "\t", "\r", "\n"]) {
    const line = csvLine([`${first}HYPERLINK("http://evil.test")`]);
    equal(line, `"'${first}HYPERLINK(""http://evil.test"")"\r\n`);
  }
  equal(csvLine(["a=b", "::1"]), "a=b,::1\r\n");
});
