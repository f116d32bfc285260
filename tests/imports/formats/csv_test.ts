import { deepStrictEqual as same, equal, throws } from "node:assert/strict";
import { ParseError } from "../../../src/imports/formats/format.ts";
import { csv, tsv } from "../../../src/imports/formats/tables/csv.ts";
import { collect, pieces, random, type Row } from "../../help/imports/collect.ts";

type Case = {
  name: string;
  text: string;
  file?: string;
  table?: string;
  rows?: Row[];
  columns?: string[];
  warnings?: [line: number, message: RegExp][];
};

const CASES: Case[] = [
  {
    name: "quoted cells with commas, quotes and line ends",
    text: 'a,b\n"x, y","say ""no"""\n"two\nlines",2\n3,4\n',
    rows: [{ a: "x, y", b: 'say "no"' }, { a: "two\nlines", b: "2" }, { a: "3", b: "4" }],
  },
  {
    name: "a byte order mark, CRLF, blank lines and no line end at the end",
    text: "\ufeffa,b\r\n1,2\r\n\r\n3,4",
    rows: [{ a: "1", b: "2" }, { a: "3", b: "4" }],
  },
  {
    name: "old Mac line ends",
    text: "a,b\r1,2\r3,4\r",
    rows: [{ a: "1", b: "2" }, { a: "3", b: "4" }],
  },
  {
    name: "semicolons with decimal commas, and thousands with points",
    text: "design;wns;cells;note\ngcd;-0,5;1.234.567;a,b\naes;1,25;12;1,2,3\n",
    rows: [
      { design: "gcd", wns: "-0.5", cells: "1234567", note: "a,b" },
      { design: "aes", wns: "1.25", cells: "12", note: "1,2,3" },
    ],
  },
  {
    name: "semicolons with decimal points",
    text: "design;wns;cells\ngcd;-0.5;1,234\n",
    rows: [{ design: "gcd", wns: "-0.5", cells: "1,234" }],
  },
  {
    name: "a line sep=",
    text: "sep=;\na;b\n1,5;x\n",
    rows: [{ a: "1.5", b: "x" }],
  },
  {
    name: "blanks around names and cells, units in brackets, percent, empty cells",
    text: " name , Area [um^2] ,util\n x , 9.7186E+6 ,71.2%\ny,,\n",
    rows: [
      { name: "x", "Area [um^2]": "9.7186E+6", util: "71.2%" },
      { name: "y", "Area [um^2]": null, util: null },
    ],
  },
  {
    name: "a pandas index and a delimiter at each line's end",
    text: ",a,b,\n0,1,2,\n1,3,4,\n",
    rows: [{ index: "0", a: "1", b: "2" }, { index: "1", a: "3", b: "4" }],
  },
  {
    name: "a column without a name",
    text: "a,,b\n1,2,3\n",
    columns: ["a", "column_2", "b"],
  },
  {
    name: "equal names",
    text: "wns,wns,wns_2,wns\n1,2,3,4\n",
    columns: ["wns", "wns_3", "wns_2", "wns_4"],
    warnings: [[1, /"wns_3"/], [1, /"wns_4"/]],
  },
  {
    name: "comments and a title above the header",
    text: "# run of monday\nTiming summary\n\na,b\n1,2\n",
    rows: [{ a: "1", b: "2" }],
    warnings: [[1, /above the header/], [2, /above the header/]],
  },
  {
    name: "a header that begins with #",
    text: "#design,area\ngcd,1\n",
    rows: [{ design: "gcd", area: "1" }],
  },
  {
    name: "short rows, and rows with empty cells too many",
    text: "a,b,c\n1,2\n1,2,3,,\n",
    rows: [{ a: "1", b: "2", c: null }, { a: "1", b: "2", c: "3" }],
    warnings: [[2, /2 cells, the header 3/]],
  },
  { name: "one column", text: "slack\n-0.1\n", file: "x.csv", rows: [{ slack: "-0.1" }] },
  { name: "a header alone", text: "a,b\n", rows: [] },
  {
    name: "the columns of a canonical table",
    text: "metric,value,unit,design\narea,1,um2,gcd\n",
    file: "results.csv",
    table: "metrics",
  },
  {
    name: "a canonical table's name without its columns",
    text: "name,power\na,1\n",
    file: "runs.csv",
    table: "runs_csv",
  },
  {
    name: "a date in the file's name",
    text: "name,power\na,1\n",
    file: "out/Nightly QoR-2024-05-01_0312.csv.gz",
    table: "nightly_qor",
  },
  {
    name: "columns that name the run and the design in other words",
    text: "Design Name,Physical Design Stage,Build,Run Date,area\ngcd,place,7,2024-05-01 10:00,1\n",
    rows: [{
      ...{ design: "gcd", stage: "place", run_id: "7", run_ts: "2024-05-01 10:00", area: "1" },
    }],
  },
  {
    name: "two columns of one meaning, and a date that PostgreSQL could misread, as they are",
    text: "block,chip,date,area\na,b,03/01/2025,1\n",
    columns: ["block", "chip", "date", "area"],
  },
  {
    name: "a run_ts that is no ISO time",
    text: "run_ts,area\n03/01/2025,1\n",
    columns: ["run_ts_text", "area"],
  },
  {
    name: "the runs of a history, named by their time",
    text: "date,design,area\n2024-05-01,gcd,1\n2024-05-01,aes,2\n2024-05-02,gcd,3\n",
    columns: ["run_id", "run_ts", "design", "area"],
  },
  {
    name: "stages that ended at their own times as one run",
    text: "end,stage,area\n2024-05-01 10:00,place,1\n2024-05-01 11:00,route,2\n",
    columns: ["run_ts", "stage", "area"],
  },
  { name: "a file's name of digits", text: "a,b\n1,2\n", file: "2024-05-01.csv", table: "csv" },
];

for (const { name, text, file = "t.csv", table, rows, columns, warnings = [] } of CASES) {
  Deno.test(`csv reads ${name}`, () => {
    const read = collect(csv, text, file);
    const [[own, found]] = Object.entries(read.tables) as [[string, Row[]]];
    if (table) equal(own, table);
    if (rows) same(found, rows);
    if (columns) same(Object.keys(found[0]!), columns);
    same(read.warnings.map(({ line }) => line), warnings.map(([line]) => line));
    warnings.forEach(([, message], i) => equal(message.test(read.warnings[i]!.message), true));
    const next = random(7);
    for (let i = 0; i < 20; i++) same(collect(csv, pieces(text, 3, next), file), read);
  });
}

const REFUSED: [name: string, text: string, line: number, message: RegExp][] = [
  ["a row that is too long", "a,b\n1,2\n1,2,3\n", 3, /3 cells, the header 2/],
  ["a last row that is cut", "a,b,c\n1,2,3\n4,5", 3, /cut/],
  ["a quote that is never closed", 'a,b\n1,2\n"3,4\n5,6\n', 3, /quote/],
  ["text after a closing quote", 'a,b\n1,2\n"3"x,4\n', 3, /quote/],
  ["a header of numbers", "1,2\n3,4\n", 1, /only numbers/],
  ["a file without lines", "\n\n", 1, /no header/],
  ["1,601 columns", `${Array(1_601).fill("c").map((c, i) => c + i).join()}\n`, 1, /at most 1600/],
  ["a name without end", `${"x".repeat(600)},b\n1,2\n`, 1, /longer than 500/],
];

for (const [name, text, line, message] of REFUSED) {
  Deno.test(`csv refuses ${name} with its line`, () => {
    for (const parts of [[text], pieces(text, 5, random(3))]) {
      throws(
        () => collect(csv, parts, "t.csv"),
        (error) =>
          error instanceof ParseError && error.line === line && message.test(error.message),
      );
    }
  });
}

Deno.test("csv refuses a row over 4 MiB while it is read, and counts lines inside of quotes", () => {
  const endless = function* () {
    yield 'a,b\n1,"x\ny"\n"';
    for (let i = 0; i < 200; i++) yield `${"z".repeat(60_000)}\n`;
  };
  throws(() => collect(csv, endless(), "t.csv"), (error) => {
    return error instanceof ParseError && error.line === 4 && /4 MiB/.test(error.message);
  });
});

Deno.test("csv refuses megabytes of broken quotes at once", () => {
  const began = performance.now();
  throws(() => collect(csv, Array(40).fill('"a":'.repeat(16_000)), "t.csv"), /quote/);
  equal(performance.now() - began < 2_500, true);
});

Deno.test("csv and tsv are recognised by what they hold, reports are not", () => {
  const sure = (text: string, file: string) =>
    [csv, tsv].map((one) => one.recognise(text, file) > 0);
  same(sure("a,b\n1,2\n3,4\n", "x"), [true, false]);
  same(sure("a\tb\n1\t2\n3\t4\n", "x"), [false, true]);
  same(sure("a,b\n", "x.csv"), [true, false]);
  same(sure("Startpoint: a, b\nEndpoint: c\nPath Type: max\n", "x.rpt"), [false, false]);
  same(sure("+------+-----+\n; Name ; Max ;\n+------+-----+\n; a ; 1 ;\n", "x.rpt"), [
    false,
    false,
  ]);
  same(sure('{"a":1,"b":2}\n{"a":1,"b":2}\n', "x"), [false, false]);
  same(sure("", "x.csv"), [false, false]);
});

Deno.test("csv says which kind of table the columns make", () => {
  const kindOf = (header: string) => {
    let kind: string | undefined;
    const parser = csv.open({
      say: () => {},
      warn: () => {},
      table: (_name, _columns, of) => {
        kind = of;
        return () => {};
      },
    }, "t.csv");
    parser.write(`${header}\n${header.replace(/[^,]+/g, "x")}\n`);
    parser.end();
    return kind;
  };
  equal(kindOf("startpoint,endpoint,slack"), "timing");
  equal(kindOf("design,run,WNS(ns),TNS(ns)"), "timing");
  equal(kindOf("rule,layer,x1,y1"), "drc");
  equal(kindOf("design,iteration,drc_errors"), "drc");
  equal(kindOf("design,wns,area,drc_errors"), "qor");
  equal(kindOf("a,b"), "qor");
});
