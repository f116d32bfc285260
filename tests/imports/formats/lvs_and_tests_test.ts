import { deepStrictEqual as same, equal, ok, throws } from "node:assert/strict";
import { ParseError } from "../../../src/imports/formats/format.ts";
import { junit, junitCocotb } from "../../../src/imports/formats/junit/junit.ts";
import { netgenLvs, netgenLvsShort } from "../../../src/imports/formats/lvs/netgen.ts";
import { netgenLvsJson } from "../../../src/imports/formats/lvs/netgen_json.ts";
import { collect } from "../../help/imports/collect.ts";
import { report } from "../../help/imports/reports.ts";

const BEFORE = "Circuit 1: top   |Circuit 2: top   \nNetlists match uniquely.\n" +
  "Device classes top and top are equivalent.\n";

const RESULTS: [end: string, result: string | null][] = [
  ["\nFinal result: Circuits match uniquely.\n.\n", "match"],
  ["\nFinal result: \nCircuits match uniquely.\n.\n", "match"],
  ["\nFinal result: Circuits match with 3 symmetries.\n", "match"],
  ["\nFinal result: Netlists do not match.\n", "mismatch"],
  ["\nFinal result: Top level cell failed pin matching.\n", "mismatch"],
  [
    "\nFinal result: Subcell(s) failed matching.\nTop level cell failed pin matching.\n",
    "mismatch",
  ],
  ["\nFinal result: Circuits match uniquely with port errors.\n", "mismatch"],
  ["\nFinal result: Circuits match uniquely.\nProperty errors were found.\n", "mismatch"],
  [
    "\nFinal result: Circuits match uniquely.\n.\n\nThe following cells had property errors:\n a\n",
    "mismatch",
  ],
  [
    "\nFinal result: Netlists do not match.\n\nFinal result: Circuits match uniquely.\n.\n",
    "match",
  ],
  ["Circuits match uniquely.\n", "match"],
  ["\nFinal result: Verify:  cell top has no elements and/or nodes. Not checked.\n", null],
  ["\nFinal result: Circuits match uni", null],
  ["\nFinal result: \n", null],
  ["", null],
];

for (const [end, result] of RESULTS) {
  Deno.test(`Netgen's "${end.trim().slice(0, 90)}" is ${result ?? "refused"}`, () => {
    const read = () => collect(netgenLvs, BEFORE + end);
    if (result === null) return throws(read, ParseError);
    const { said, tables } = read();
    same(tables, { summary: [{ rule: "LVS", lvs_errors: null, lvs_result: result }] });
    equal(said.design, "top");
  });
}

Deno.test("a Netgen report that is cut anywhere is refused", () => {
  const { text } = report("netgen_lvs.report");
  const end = text.indexOf("Final result: Circuits match uniquely.") + 37;
  for (let at = 0; at < end; at += 97) throws(() => collect(netgenLvs, text.slice(0, at)));
  throws(() => collect(netgenLvs, text.slice(0, end)));
});

const PARTS = (counts: number[]) =>
  "LVS reports:\n" +
  [
    "net count difference",
    "device count difference",
    "unmatched nets",
    "unmatched devices",
    "unmatched pins",
    "property failures",
  ]
    .slice(0, counts.length).map((name, i) => `    ${name} = ${counts[i]}\n`).join("");

Deno.test("the short LVS result adds its parts, also without a total, and is refused when cut", () => {
  const summary = (text: string) => {
    const [{ lvs_errors, lvs_result }] = collect(netgenLvsShort, text).tables.summary as [
      Record<string, unknown>,
    ];
    return [lvs_errors, lvs_result];
  };
  same(summary(`${PARTS([1, 0, 2, 1, 2, 0])}\nTotal errors = 6`), [6, "mismatch"]);
  same(summary(PARTS([1, 0, 2, 1, 2, 0])), [6, "mismatch"]);
  throws(() => summary(PARTS([1, 0, 2])), /cut/);
  throws(() => summary(`${PARTS([1, 0, 2, 1, 2, 0])}\nTotal errors = 7`), /parts have 6/);
  throws(() => summary("LVS reports no net, device, pin, or property mismatches.\n"), /cut/);
});

Deno.test("Netgen's JSON counts the top cell, and properties of every cell", () => {
  const cell = (more: object) => ({
    name: ["sub", "sub"],
    devices: [[["a", 9]], [["a", 1]]],
    ...more,
  });
  const top = {
    name: ["top", "top"],
    devices: [[["nfet", 4], ["pfet", 2]], [["nfet", 3], ["pfet", 2]]],
    ...{ nets: [10, 8], badnets: [[], []], badelements: [[]] },
    pins: [["A", "vdd!", "x", "(no pin)"], ["a", "VDD", "y", "z"]],
  };
  const text = JSON.stringify([cell({ properties: [[1], [2]] }), cell({}), top]);
  ok(netgenLvsJson.recognise(text, "x.json") > 0.5);
  const { said, tables } = collect(netgenLvsJson, text);
  equal(said.design, "top");
  same(tables.summary, [{
    rule: "LVS",
    lvs_errors: 1 + 2 + 2 + 1 + 1 + 2,
    lvs_result: "mismatch",
  }]);
  throws(() => collect(netgenLvsJson, text.slice(0, -1)), /cut/);
});

const statuses = (text: string, format = junit) =>
  collect(format, text).tables.tests!.map(({ suite, test, status }) => [suite, test, status]);

Deno.test("JUnit: nested suites, skipped, errors, empty failures, text in CDATA", () => {
  const text = `<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="5" errors="1"
    failures="2" skipped="1" timestamp="2024-05-01T10:00:00.123456+02:00"><testsuite name="inner">
    <testcase classname="c" name="a" time="1,234.5"/><testcase name="b"><failure message="x &lt; 1">long</failure></testcase>
    </testsuite><testcase name="c"><error type="E"/></testcase><testcase name="d"><skipped/></testcase>
    <testcase name="e[1]"><system-out>failure</system-out><failure><![CDATA[a < b]]></failure></testcase>
    </testsuite></testsuites>`;
  const { said, tables } = collect(junit, text);
  same(said, { run_ts: "2024-05-01T10:00:00.123456+02:00", tool: "pytest" });
  same(statuses(text), [
    ["pytest / inner", "a", "passed"],
    ["pytest / inner", "b", "failed"],
    ["pytest", "c", "error"],
    ["pytest", "d", "skipped"],
    ["pytest", "e[1]", "failed"],
  ]);
  same(tables.tests!.map(({ message }) => message), [null, "x < 1", "E", null, "a < b"]);
  equal(tables.tests![0]!.runtime_s, 1234.5);
});

Deno.test("JUnit: failures that only a suite counts are failures", () => {
  same(statuses('<testsuite name="s" errors="1" failures="0"/>'), [["s", "s", "error"]]);
  const both = '<testsuite name="s" errors="1" failures="1"><testcase name="a"><failure/><error/>' +
    "</testcase></testsuite>";
  same(statuses(both), [["s", "a", "error"], ["s", "s", "error"]]);
  const above = '<testsuites failures="1"><testsuite name="s" failures="1"><testcase name="a">' +
    "<failure/></testcase></testsuite></testsuites>";
  same(statuses(above), [["s", "a", "failed"]]);
  same(statuses("<testsuites/>"), []);
});

Deno.test("cocotb is known by its attributes or its root; its seed and simulated time are kept", () => {
  const text =
    '<testsuites name="results"><testsuite name="all" package="all"><property name="random_seed" ' +
    'value="7"/><testcase name="t" classname="m" file="/a.py" lineno="3" time="0.5" sim_time_ns="20.0">' +
    '<failure error_type="AssertionError" error_msg="no"/></testcase></testsuite></testsuites>';
  ok(junitCocotb.recognise(text, "x") > junit.recognise(text, "x"));
  ok(junitCocotb.recognise('<testsuite name="pytest">', "x") === 0);
  same(collect(junitCocotb, text).tables.tests, [{
    ...{ suite: "results / all", class: "m", test: "t", status: "failed", seed: "7" },
    ...{ runtime_s: 0.5, sim_time_ns: 20, message: "no", source_file: "/a.py", source_line: 3 },
  }]);
});

Deno.test("JUnit that is cut, or has a document type, is refused", () => {
  const { text } = report("cocotb_results.xml");
  for (let at = 0; at < text.trimEnd().length; at += 3) {
    throws(() => collect(junitCocotb, text.slice(0, at)), ParseError);
  }
  throws(() => collect(junit, `<!DOCTYPE x>${text}`), /document type/);
});
