import { type Format, type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";

const COLUMNS = ["rule", "lvs_errors", "lvs_result"];

const write = (out: Output, errors: number | null, result: "match" | "mismatch") =>
  out.table("summary", COLUMNS, "drc")(["LVS", errors, result]);

const FINAL = /^\s*(?:Final result|Result):\s*(.*)$/;
const DEVICES = /^Device classes (\S+) and (\S+) are equivalent\.$/;
const CIRCUIT = /^Circuit 1: (\S+)\s*\|Circuit 2: (\S+)/;
const MATCH = /^(?:Circuits|Netlists) match (?:uniquely|correctly|with \d+ symmetr(?:y|ies))\.?$/;
const NONE = /^Verify:/;
const PROPERTIES = /^(?:Property errors were found|The following cells had property errors)/;

/** tcltk/netgen.tcl.in (lvs) and verify() in tclnetgen.c: only the last "Final result" counts. */
function open(out: Output): Parser {
  let circuit: string | undefined;
  /** What follows the last "Final result:". */
  let final: string[] | undefined;
  const onLine = (line: string) => {
    const result = FINAL.exec(line)?.[1];
    if (result !== undefined) final = [];
    const text = (result ?? line).trim();
    if (final && final.length < 100 && text !== "" && text !== ".") final.push(text);
    circuit = DEVICES.exec(line)?.[1] ?? CIRCUIT.exec(line)?.[1] ?? circuit;
  };
  return lines(onLine, (count) => {
    const [result] = final ?? [];
    if (!result) throw new ParseError('There is no "Final result": is the report cut?', count);
    if (NONE.test(result)) throw new ParseError(`LVS did not compare: ${result}`, count);
    const hasBadProperties = final!.some((line) => PROPERTIES.test(line));
    if (hasBadProperties) out.warn("LVS found property errors.");
    if (circuit) out.say({ design: circuit });
    write(out, null, MATCH.test(result) && !hasBadProperties ? "match" : "mismatch");
  });
}

/** The report of Netgen's command `lvs`. */
export const netgenLvs: Format = {
  name: "netgen-lvs",
  tool: "Netgen",
  kind: "drc",
  table: "summary",
  recognise: (start) =>
    /^(?:Subcircuit (?:summary|pins):|Circuit 1: \S+\s*\|Circuit 2: )/m.test(start)
      ? 0.95
      : /^(?:Circuit 1 cell \S+ and Circuit 2 cell |Contents of circuit [12]:|Final result:)/m.test(
          start,
        )
      ? 0.8
      : 0,
  open,
};

const TOTAL = /^Total errors = (\d+)\s*$/;
const CLEAN = /^LVS reports no net, device, pin, or property mismatches\./;

function openShort(out: Output): Parser {
  let total: number | undefined;
  let isClean: boolean | undefined;
  const onLine = (line: string) => {
    if (/^LVS reports/.test(line)) isClean = CLEAN.test(line);
    const found = TOTAL.exec(line)?.[1];
    if (found !== undefined) total = Number(found);
  };
  return lines(onLine, (count) => {
    if (total === undefined) throw new ParseError('There is no "Total errors": is it cut?', count);
    if (isClean && total > 0) throw new ParseError("Clean, but with errors in total.", count);
    write(out, total, total === 0 ? "match" : "mismatch");
  });
}

/** scripts/count_lvs.py of OpenLane and qflow. */
export const netgenLvsShort: Format = {
  name: "netgen-lvs-verdict",
  tool: "Netgen",
  kind: "drc",
  table: "summary",
  recognise: (start) => /^\s*LVS reports(?: no net|:)/m.test(start.slice(0, 2_000)) ? 0.9 : 0,
  open: openShort,
};
