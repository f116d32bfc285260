import { deepStrictEqual as same, equal, ok, throws } from "node:assert/strict";
import { ParseError } from "../../../src/imports/formats/format.ts";
import { klayoutLyrdb } from "../../../src/imports/formats/klayout/lyrdb.ts";
import { collect, pieces, random } from "../../help/imports/collect.ts";
import { report } from "../../help/imports/reports.ts";

const item = (category: string, values: string[], more: Record<string, string> = {}) => {
  const fields = { tags: "", category, cell: "top", visited: "false", multiplicity: "1", ...more };
  const inner = Object.entries(fields).map(([name, text]) => `<${name}>${text}</${name}>`).join("");
  return `<item>${inner}<values>${
    values.map((one) => `<value>${one}</value>`).join("")
  }</values></item>`;
};

const file = (
  items: string[],
  head = "<generator>drc: script='x'</generator><top-cell>top</top-cell>",
) =>
  `<?xml version="1.0" encoding="utf-8"?>\n<report-database>\n${head}<categories>
<category><name>li.3</name><description>li &lt; 0.17</description></category>
<category><name>met</name><categories><category><name>width</name><description>narrow</description></category></categories></category>
</categories><cells><cell><name>top</name></cell></cells><items>${items.join("\n")}</items>
</report-database>\n`;

const read = (...args: Parameters<typeof file>) => collect(klayoutLyrdb, file(...args)).tables;
const first = (...args: Parameters<typeof file>) => read(...args).violations![0]!;

Deno.test("a category is found with and without quotes, nested, and with escapes", () => {
  const rules = ["'li.3'", "li.3", "met.width", "met.'wid\\'th.1'", "other"];
  const { violations } = read(rules.map((rule) => item(rule, ["box: (0,0;1,1)"])));
  same(violations!.map(({ rule, category, description }) => [rule, category, description]), [
    ["li.3", null, "li < 0.17"],
    ["li.3", null, "li < 0.17"],
    ["met.width", null, "narrow"],
    ["met.wid'th.1", "met", null],
    ["other", null, null],
  ]);
});

const SHAPES: [values: string[], box: (number | null)[]][] = [
  [["box: (1.5,-2;3,4)"], [1.5, -2, 3, 4]],
  [["polygon: (0,0;0,5;3,5;3,0/1,1;1,2;2,2)"], [0, 0, 3, 5]],
  [["edge: (10.1,2.2;-10.1,2.4)"], [-10.1, 2.2, 10.1, 2.4]],
  [["edge-pair: (0,0;0,1)|(0.2,0;0.2,1.5)"], [0, 0, 0.2, 1.5]],
  [["edge: (0,0;1,1)", "edge: (5,5;6,6)"], [0, 0, 6, 6]],
  [["path: (0,0;10,0) w=0.5 bx=0.25 ex=0.25 r=false"], [0, 0, 10, 0]],
  [["label: ('1,2 a',r0 7,8)"], [7, 8, 7, 8]],
  [["[#area] float: 1.25", "polygon: (1e3,0;1e3,1;2e3,1)"], [1000, 0, 2000, 1]],
  [["text: 'no shape'"], [null, null, null, null]],
];

for (const [values, box] of SHAPES) {
  Deno.test(`an item of ${values.join(" and ")} is one violation with its bounding box`, () => {
    const { violations, summary } = read([item("li.3", values)]);
    const { x1_um, y1_um, x2_um, y2_um } = violations![0]!;
    same([x1_um, y1_um, x2_um, y2_um], box);
    same(summary, [{ rule: "Total", layer: null, count: 1 }, {
      rule: "li.3",
      layer: null,
      count: 1,
    }]);
  });
}

Deno.test("comments, named values and texts are kept; multiplicity and visited do not count", () => {
  const { violations, summary } = read([
    item("li.3", ["[#area] float: 1.25", "text: 'a \\'b\\''"], {
      ...{ comment: "fixed &amp; done", visited: "true", multiplicity: "7", cell: "pad:m0" },
    }),
  ]);
  const [{ comment, cell, waived }] = violations as [Record<string, unknown>];
  same([comment, cell, waived], ["fixed & done; area 1.25; a 'b'", "pad:m0", false]);
  equal(summary![0]!.count, 1);
});

Deno.test("waived items are kept, and not counted", () => {
  const tags = ["waived", "red,waived", "'waived'", "#waived_by", "important"];
  const { violations, summary } = read(tags.map((one) => item("li.3", [], { tags: one })));
  same(violations!.map(({ waived }) => waived), [true, true, true, false, false]);
  equal(summary![0]!.count, 2);
});

Deno.test("an XOR report has differences and no DRC total", () => {
  const head = "<description>XOR a.gds vs. b.gds</description>";
  const { violations, summary } = read([item("1/0", ["box: (0,0;1,1)"])], head);
  same(violations!.map(({ rule, count }) => [rule, count]), [["1/0", null]]);
  same(summary, [{ rule: "XOR", xor_differences: 1 }]);
  same(read([], head).summary, [{ rule: "XOR", xor_differences: 0 }]);
});

Deno.test("a report that was converted names its tool and its nets; repeated counts are not added", () => {
  const said = (items: string[]) => collect(klayoutLyrdb, file(items, "")).said.tool;
  equal(
    said([item("x", ["box: (0,0;1,1)", "text: 'Between N/A N/A'"])]),
    "Magic (converted by OpenLane)",
  );
  equal(
    said([item("x", ["box: (0,0;1,1)", "text: 'Between a b'"])]),
    "OpenROAD (converted by OpenLane)",
  );
  equal(
    said([item("x", ["polygon: (0,0;1,1)", "text: 'None'"])]),
    "Magic (converted by LibreLane)",
  );
  const openroad = item("Short", [
    "box: (0,0;1,1)",
    "text: 'On layer met1'",
    "text: 'Between a b'",
  ]);
  const { layer, nets, comment } = first([openroad], "");
  same([layer, nets, comment], ["met1", "a,b", null]);
  const three = [1, 2, 3].map(() => item("x", ["text: 'None'"], { multiplicity: "3" }));
  equal(read(three, "").summary![0]!.count, 3);
});

const REFUSED: [name: string, text: string, message: RegExp][] = [
  ["a document type", `<!DOCTYPE a [<!ENTITY b "c">]>${file([])}`, /document type/],
  ["an entity that nobody declared", file(["<item>&b;</item>"]), /entity/],
  ["another root", "<html></html>", /report-database/],
  ["101 levels", `<report-database>${"<a>".repeat(101)}`, /deeper than 100/],
  ["tags that do not fit", "<report-database><a></b></report-database>", /tag/],
  ["an empty file", "", /root|document/],
];

for (const [name, text, message] of REFUSED) {
  Deno.test(`lyrdb refuses ${name}`, () => {
    for (const parts of [[text], pieces(text, 7, random(1))]) {
      throws(() => collect(klayoutLyrdb, parts), (error) => {
        return error instanceof ParseError && error.line! >= 1 && message.test(error.message);
      });
    }
  });
}

Deno.test("a lyrdb that is cut anywhere is refused with its line", () => {
  const { text } = report("mixer5ghz.lyrdb");
  const end = text.trimEnd().length;
  for (let at = 0; at < end; at += 149) {
    throws(() => collect(klayoutLyrdb, text.slice(0, at)), (error) => {
      return error instanceof ParseError && error.line === text.slice(0, at).split("\n").length;
    });
  }
});

Deno.test("of a polygon with 100,000 corners the box is whole and the shape is cut", () => {
  const corners = Array.from({ length: 100_000 }, (_, i) => `${i},${-i}`).join(";");
  const { x2_um, y1_um, shape } = first([item("li.3", [`polygon: (${corners})`])]);
  same([x2_um, y1_um, String(shape).length], [99_999, -99_999, 50_001]);
});

Deno.test("a text without end is refused while it is read", () => {
  const endless = function* () {
    yield "<report-database><description>";
    for (let i = 0; i < 400; i++) yield "x".repeat(60_000);
  };
  throws(() => collect(klayoutLyrdb, endless()), /8 MiB/);
});

Deno.test("lyrdb is recognised by its root, whatever the file is called", () => {
  const sure = (text: string) => klayoutLyrdb.recognise(text, "drc.xml");
  ok(sure(file([])) === 1 && sure("\ufeff<!-- a --> <report-database>") === 1);
  equal(sure("<testsuites>"), 0);
  equal(sure("a <b> <report-database>"), 0);
});
