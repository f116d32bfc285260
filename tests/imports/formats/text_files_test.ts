import { deepStrictEqual as same, equal, ok } from "node:assert/strict";
import { ParseError } from "../../../src/imports/formats/format.ts";
import { collect, type Collected, pieces, random, type Row } from "../../help/imports/collect.ts";
import { recognised, report } from "../../help/imports/reports.ts";

/** Files of text reports, with the rows of each of their tables. */
const FILES: Record<string, Record<string, number>> = {
  "opensta_full_clock_expanded.max.rpt": { paths: 5 },
  "opensta_full_clock_expanded.min.rpt": { paths: 5 },
  "opensta_multi_corner.checks.rpt": { paths: 3 },
  "opensta_multi_corner.power.rpt": { power: 15 },
  "opensta_multi_corner.skew.rpt": { summary: 1 },
  "opensta_multi_corner.summary.rpt": { summary: 1 },
  "opensta_no_paths.rpt": { paths: 0 },
  "opensta_worst_slack_inf.rpt": { summary: 1 },
  "vivado_multi_clock_timing.rpt": { summary: 1, clocks: 17 },
  "vivado_timing_summary_routed.rpt": { summary: 1, clocks: 1, paths: 6 },
  "vivado_utilization_placed.rpt": { area: 70 },
  "yosys_stat.rpt": { runs: 1, area: 19 },
  "yosys_stat.json": { runs: 1, area: 3 },
};

const slacks = ({ tables: { paths = [] } }: Collected, type: string) =>
  paths.flatMap(({ path_type, slack, slack_ns }) =>
    path_type === type ? [Number(slack ?? slack_ns)] : []
  );
const least = (numbers: number[]) => numbers.length > 0 ? Math.min(...numbers) : undefined;
const total = (read: Collected, column: string) => {
  const row = read.tables.summary?.find(({ path_group }) => path_group === "Total");
  return (row?.[column] ?? row?.[`${column}_ns`]) ?? undefined;
};
const byCorner = (rows: Row[], value: (row: Row) => unknown) =>
  Object.fromEntries(rows.map((row) => [row.corner, value(row)]));
const powers = ({ tables: { power = [] } }: Collected, column: string) =>
  byCorner(
    power.filter(({ power_group }) => power_group === "Total"),
    (row) => ({ value: row[column], unit: "W" }),
  );
const site = ({ tables: { area = [] } }: Collected, name: string) => {
  const { used, available, used_pct } = area.find(({ site_type }) => site_type === name)!;
  return { value: used, of: available, ...(used_pct !== 0 && { pct: used_pct }) };
};
const worst = (read: Collected, check: "setup" | "hold") =>
  total(read, `${check}_wns`) ?? least(slacks(read, check === "setup" ? "max" : "min"));

/** Each fact from the rows alone. */
const FACTS: Record<string, (read: Collected, file: string) => unknown> = {
  setup_wns: (read) => total(read, "setup_wns_clamped") ?? worst(read, "setup"),
  setup_worst_slack: (read) => worst(read, "setup"),
  hold_wns: (read) => worst(read, "hold"),
  hold_worst_slack: (read) => worst(read, "hold"),
  setup_tns: (read) => total(read, "setup_tns"),
  hold_tns: (read) => total(read, "hold_tns"),
  pulse_width_wns: (read) => total(read, "pulse_width_wns"),
  violating_endpoints: (read) => total(read, "setup_violations"),
  hold_violating_endpoints: (read) => total(read, "hold_violations"),
  violating_paths: (read) =>
    read.tables.paths && slacks(read, "max").filter((one) => one < 0).length,
  slacks: (read) => (read.tables.paths ?? []).map(({ slack }) => slack),
  setup_wns_by_corner: ({ tables }) => byCorner(tables.paths ?? [], ({ slack }) => slack),
  power_total_by_corner: (read) => powers(read, "power_total_w"),
  power_leakage_by_corner: (read) => powers(read, "power_leakage_w"),
  clock_skew: ({ tables }) => ({ [String(tables.summary![0]!.clock)]: tables.summary![0]!.skew }),
  source_latency: ({ tables }) => tables.summary![0]!.source_latency,
  target_latency: ({ tables }) => tables.summary![0]!.target_latency,
  cell_count: ({ tables }) => tables.runs![0]!.cells,
  area: ({ tables }) => tables.runs?.[0]?.area,
  luts: (read) => site(read, "Slice LUTs"),
  registers: (read) => site(read, "Slice Registers"),
  bram_tiles: (read) => site(read, "Block RAM Tile"),
  dsps: (read) => site(read, "DSPs"),
  bonded_iob: (read) => site(read, "Bonded IOB"),
};

/** What a fact of expect.json says: its value, or the record as a whole. */
function expectedValue(name: string, fact: unknown): unknown {
  if (name === "clock_skew") return { clk: (fact as { clk: { value: number } }).clk.value };
  if (typeof fact !== "object" || fact === null || !("value" in fact)) return fact;
  return "of" in fact ? fact : fact.value;
}

for (const [file, rows] of Object.entries(FILES)) {
  Deno.test(`${file} is read as its expect.json says, wherever the text is cut`, () => {
    const { text, expected } = report(file);
    const format = recognised(text, file)!;
    const read = collect(format, text, file);
    same([format.name, format.kind, format.tool], [expected.format, expected.kind, expected.tool]);
    same(Object.fromEntries(Object.entries(read.tables).map(([k, v]) => [k, v.length])), rows);
    const counts = [expected.records.count, ...(expected.records.also_acceptable ?? [])];
    ok(counts.includes(read.tables[format.table]!.length), "records");
    same(read.said, {
      ...(expected.tool_version && { tool_version: expected.tool_version }),
      ...(expected.run_time && { run_ts: expected.run_time.iso }),
      ...(expected.design && { design: expected.design }),
    });
    for (const [name, fact] of Object.entries(expected.facts)) {
      same(FACTS[name]!(read, file), expectedValue(name, fact), name);
    }
    for (const name of expected.absent ?? []) {
      equal(FACTS[name]?.(read, file), undefined, `${name} is not in the file`);
    }
    const next = random(file.length);
    for (let i = 0; i < 10; i++) {
      same(collect(format, pieces(text, i < 2 ? 3 : 4_000, next), file), read);
    }
    same(collect(format, text.replaceAll("\n", "\r\n"), file), read, "CRLF");
    const indented = text.replace(/^(?=.)/gm, "    ");
    if (format.name !== "yosys-stat-json") {
      equal(recognised(indented, file), format);
      same(collect(format, indented, file), read, "as a block of a text");
    }
  });
}

/** The last lines with text of the beginnings that are accepted: these formats have no end mark. */
const ENDS: Record<string, RegExp | null> = {
  "opensta_full_clock_expanded.max.rpt": / slack \(MET\)$/,
  "opensta_full_clock_expanded.min.rpt": / slack \(MET\)$/,
  "opensta_multi_corner.checks.rpt":
    /^(?! {9,}[\d-]|Startpoint|Endpoint|Path |Corner:|Fanout +Cap)|slack \(MET\)$/,
  "opensta_multi_corner.power.rpt": /^Total |^ +\d[\d.%]+ +\d[\d.%]+ +\d[\d.%]+$/,
  "opensta_multi_corner.skew.rpt": null,
  "opensta_multi_corner.summary.rpt": /^(?:tns|wns|worst slack) |^=+$/,
  "opensta_no_paths.rpt": /^No paths found\.$|^=+$/,
  "opensta_worst_slack_inf.rpt": /^worst slack INF$|^=+$/,
  "vivado_multi_clock_timing.rpt": /^\| Timing Details$/,
  "vivado_timing_summary_routed.rpt":
    /^(?:Min Period|Low Pulse Width|High Pulse Width) |^\| (?:Timing Details|-+)$|^-+$/,
  "vivado_utilization_placed.rpt": /^(?:10\. Instantiated Netlists|-{25}|\+-+\+-+\+)$/,
  "yosys_stat.rpt": /^ +sky130_fd_sc_hd__or3b_2 +4$/,
  "yosys_stat.json": null,
};

Deno.test("a report that is cut within a path, a table or after a heading is refused with the line", () => {
  for (const [file, end] of Object.entries(ENDS)) {
    const { text } = report(file);
    const format = recognised(text, file)!;
    const lines = text.split("\n");
    for (let count = 1; count < lines.length; count++) {
      const part = `${lines.slice(0, count).join("\n")}\n`;
      if (part.trim() === text.trim()) break;
      let isRefused = false;
      try {
        collect(format, part, file);
      } catch (error) {
        if (!(error instanceof ParseError)) throw error;
        isRefused = error.line !== undefined && error.line <= count;
      }
      const last = lines.slice(0, count).findLast((line) => line.trim()) ?? "";
      ok(isRefused || end?.test(last), `${file}: cut after line ${count}: ${last}`);
    }
  }
});
