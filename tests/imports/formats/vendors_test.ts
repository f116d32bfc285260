import { equal, match, throws } from "node:assert/strict";
import { NOT_READ } from "../../../src/imports/formats/vendors/vendors.ts";
import { formatOf } from "../../../src/imports/worker/recognise.ts";
import { Refusal } from "../../../src/imports/worker/refusal.ts";
import { report } from "../../help/imports/reports.ts";

const FILES: Record<string, string> = {
  "encounter_report_timing.rpt": "Cadence report_timing",
  "genus_area_power.txt": "Genus report_area and report_power",
  "genus_report_qor.rpt": "Genus report_qor",
  "innovus_preplace.summary": "Innovus timeDesign summary",
  "innovus_timeDesign_postRoute.log": "Innovus timeDesign summary",
  "ise_top.twr": "ISE timing report (.twr)",
  "nextpnr_hardware.pnr": "nextpnr report",
  "pegasus_drc.summary": "Pegasus DRC summary",
  "primetime_all_violators.rpt": "PrimeTime report_constraint",
  "primetime_global_timing.rpt": "PrimeTime report_global_timing",
  "primetime_max_timing.rpt": "PrimeTime report_timing",
  "primetime_no_paths.rpt": "PrimeTime report_timing",
  "quartus_cyclone10.sta.rpt": "Quartus timing report (.sta.rpt)",
  "quartus_top.fit.summary": "Quartus fitter summary (.fit.summary)",
  "quartus_top.sta.summary": "Quartus timing summary (.sta.summary)",
  "siliconcompiler_gcd.pkg.json": "SiliconCompiler manifest",
};
const start = (text: string) => text.slice(0, 64 * 1024);

Deno.test("formatOf() names the reports of vendors that are not read yet", () => {
  for (const [file, title] of Object.entries(FILES)) {
    const { text, expected } = report(file);
    equal(NOT_READ.find((one) => one.title === title)!.name, expected.format, file);
    for (const form of [text, text.replaceAll("\n", "\r\n")]) {
      throws(() => formatOf(start(form), file, null), (error) => {
        equal(error instanceof Refusal && error.fault.code, "format_unknown");
        equal((error as Refusal).message, `${title}: not read yet`);
        return true;
      });
    }
  }
});

Deno.test("formatOf() tells Design Compiler's reports from PrimeTime's by their heads", () => {
  const head = (name: string, more = "") =>
    `\n****************************************\nReport : ${name}\nDesign : top\nVersion: O-2018.06\nDate   : Mon Jan  1 00:00:00 2024\n****************************************\n\n${more}`;
  const dc = "Operating Conditions: typical   Library: x\nWire Load Model Mode: top\n";
  for (
    const [text, title] of [
      [head("timing\n        -path full", dc), "Design Compiler report_timing"],
      [head("timing\n        -path_type full"), "PrimeTime report_timing"],
      [head("qor", "  Timing Path Group 'clk'\n"), "Design Compiler report_qor"],
      [head("area"), "Design Compiler report_area"],
    ] as const
  ) {
    throws(() => formatOf(text, null, null), (error) => {
      match((error as Refusal).message, /: not read yet$/);
      equal((error as Refusal).message, `${title}: not read yet`);
      return true;
    });
  }
});
