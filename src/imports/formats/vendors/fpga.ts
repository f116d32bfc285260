import { notRead } from "./not_read.ts";

export const FPGA = [
  notRead(
    "quartus-sta-summary",
    "Quartus timing summary (.sta.summary)",
    /^[ \t]*(?:TimeQuest Timing Analyzer|Timing Analyzer) Summary[ \t\r]*$/m,
    /^[ \t]*Type +: .*\bModel /m,
  ),
  notRead(
    "quartus-fit-summary",
    "Quartus fitter summary (.fit.summary)",
    /^[ \t]*Fitter Status : /m,
    /^[ \t]*Quartus\b.* Version : /m,
  ),
  notRead(
    "quartus-sta-rpt",
    "Quartus timing report (.sta.rpt)",
    /^[ \t]*(?:TimeQuest )?Timing Analyzer report for /m,
  ),
  notRead("quartus-fit-rpt", "Quartus fitter report (.fit.rpt)", /^[ \t]*Fitter report for /m),
  notRead(
    "quartus-map-rpt",
    "Quartus synthesis report",
    /^[ \t]*Analysis & Synthesis report for /m,
  ),
  notRead(
    "nextpnr-report-json",
    "nextpnr report",
    /^\s*\{/,
    /"critical_paths" *:|"fmax" *:/,
    /"from" *: *"(?:posedge|negedge|<async>)|"utilization" *:/,
  ),
  notRead(
    "siliconcompiler-manifest",
    "SiliconCompiler manifest",
    /^\s*\{/,
    /"(?:scversion|schemaversion)" *:/,
    /"shorthelp" *:|"notes" *:|"signature" *:|"type" *:/,
  ),
  notRead(
    "ise-twr",
    "ISE timing report (.twr)",
    /^[ \t]*Release [\d.]+ +(?:- )?Trace\b/m,
    /Xilinx/,
  ),
  notRead("ise-map-report", "ISE map report (.mrp)", /^[ \t]*Release [\d.]+ +Map\b/m, /Xilinx/),
  notRead("libero-timing", "Libero timing report", /^[ \t]*(?:SmartTime|Libero SoC) Version /m),
];
