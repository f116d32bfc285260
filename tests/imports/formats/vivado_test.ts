import { deepStrictEqual as same, equal, throws } from "node:assert/strict";
import { collect } from "../../help/imports/collect.ts";
import { recognised, report } from "../../help/imports/reports.ts";

const read = (text: string) => collect(recognised(text, "top.rpt")!, text);
const multiClock = () => report("vivado_multi_clock_timing.rpt").text;
const routed = () => report("vivado_timing_summary_routed.rpt").text;

Deno.test("timing summary: cells belong to columns by their position", () => {
  const clocks = read(multiClock()).tables.clocks!;
  const named = (from: string | null, to: string) =>
    clocks.find(({ from_clock, to_clock }) => from_clock === from && to_clock === to)!;
  const { path_group, setup_wns_ns, hold_wns_ns, pulse_width_wns_ns } = named("clk100", "clk100");
  same([path_group, setup_wns_ns, hold_wns_ns, pulse_width_wns_ns], ["clk100", null, null, 3]);
  const input = named(null, "eth_rx_clk");
  same([input.path_group, input.setup_wns_ns, input.hold_wns_ns], ["eth_rx_clk", 2.778, null]);
  equal(named("main_crg_clkout1", "main_crg_clkout0").hold_wns_ns, 0.131);
});

Deno.test("timing summary: large numbers reach to the left of their columns, or move the others", () => {
  for (
    const [wns, tns, text] of [
      [-123453.463, -98764.14, "-123453.463   -98764.140                     10"],
      [-123453.463, -9998764.14, "   -123453.463  -9998764.140                     10"],
    ] as const
  ) {
    const wide = routed().replaceAll("     -3.463       -4.140                     10", text);
    const { summary, clocks } = read(wide).tables;
    for (const { setup_wns_ns, setup_tns_ns, hold_wns_ns } of [summary![0]!, clocks![0]!]) {
      same([setup_wns_ns, setup_tns_ns, hold_wns_ns], [wns, tns, 0.097]);
    }
  }
});

Deno.test("timing summary: a path group of three names, with a blank clock", () => {
  const heads = "\nPath Group    From Clock    To Clock          WNS(ns)";
  const text = multiClock();
  const at = text.indexOf("\n", text.indexOf("\n", text.indexOf(heads) + 1) + 1) + 1;
  const dashes = text.slice(0, at - 1).split("\n").at(-1)!;
  const row = "**default**                 clk                 1.250        0.000";
  const ends = [...dashes.matchAll(/-+/g)].map(({ 0: run, index }) => index + run.length);
  equal(row.indexOf("1.250") + 5, ends[3], "the example is aligned");
  const { clocks } = read(text.slice(0, at) + row + "\n" + text.slice(at)).tables;
  const { path_group, from_clock, to_clock, setup_wns_ns, setup_tns_ns } = clocks!.at(-1)!;
  same([path_group, from_clock, to_clock], ["**default**", null, "clk"]);
  same([setup_wns_ns, setup_tns_ns], [1.25, 0]);
});

Deno.test("timing summary: the same summary again is no second one, another one is refused", () => {
  const text = multiClock();
  same(read(text + text).tables, read(text).tables);
  throws(() => read(text + text.replace("0.248", "0.249")), /second timing summary/);
});

Deno.test("timing summary: paths without a requirement have no slack", () => {
  const text = routed();
  const [head, ...rest] = text.split("\nMax Delay Paths\n");
  const free =
    `--------------------------------------------------------------------------------------
Slack:                    inf
  Source:                 fsm/out_reg[1]/C
                            (rising edge-triggered cell FDRE)
  Destination:            b/out_reg[0]/CE
  Path Group:             (none)
  Path Type:              Max at Slow Process Corner
  Data Path Delay:        0.656ns  (logic 0.264ns (40.244%)  route 0.392ns (59.756%))
  Logic Levels:           2  (FDRE=1 LUT4=1)

    Location             Delay type                Incr(ns)  Path(ns)    Netlist Resource(s)
  -------------------------------------------------------------------    -------------------
                         FDRE                         0.000     0.000 r  fsm/out_reg[1]/C
    AB24                                                              r  b/out_reg[0]/CE
  -------------------------------------------------------------------    -------------------


`;
  const { paths } =
    read([head, free + rest.join("\nMax Delay Paths\n")].join("\nMax Delay Paths\n"))
      .tables;
  equal(paths!.length, 7);
  const { slack_ns, delay_ns, path_group, clock, logic_levels } = paths![0]!;
  same([slack_ns, delay_ns, path_group, clock, logic_levels], [null, 0.656, "(none)", null, 2]);
});

Deno.test("utilization: columns by their names, marks and shares under a limit", () => {
  const text = `1. CLB Logic
------------

+----------------------------+--------+--------+------------+-----------+-------+
|          Site Type         |  Used  |  Fixed | Prohibited | Available | Util% |
+----------------------------+--------+--------+------------+-----------+-------+
| CLB LUTs*                  | 164154 | 105683 |        960 |   1302720 | 12.60 |
|   LUT as Distributed RAM   |  14711 |   5563 |            |           |       |
|   Register as AND/OR       |    2.5 |      2 |          0 |   2607360 | <0.01 |
+----------------------------+--------+--------+------------+-----------+-------+
* Warning! The Final LUT count
`;
  same(
    read(text).tables.area!.map(({ section, site_type, used, prohibited, available, used_pct }) => [
      ...[section, site_type, used, prohibited, available, used_pct],
    ]),
    [
      ["CLB Logic", "CLB LUTs", 164154, 960, 1302720, 12.6],
      ["CLB Logic", "LUT as Distributed RAM", 14711, null, null, null],
      ["CLB Logic", "Register as AND/OR", 2.5, 0, 2607360, null],
    ],
  );
});

Deno.test("utilization: of several reports in a log the last one is read", () => {
  const { text } = report("vivado_utilization_placed.rpt");
  const { tables, warnings } = read(text.replaceAll("| 1009 |", "|  999 |") + text);
  equal(tables.area!.length, 70);
  equal(tables.area![0]!.used, 1009);
  equal(warnings.length, 1);
});
