import { type Format, type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";

const COLUMNS = ["rule", "lvs_errors", "lvs_result"];

export const writeLvs = (out: Output, errors: number | null, result: "match" | "mismatch") =>
  out.table("summary", COLUMNS, "drc")(["LVS", errors, result]);

const FINAL = /^\s*(?:Final result|Result):\s*(.*)$/;
const DEVICES = /^Device classes (\S+) and (\S+) are equivalent\.$/;
const CIRCUIT = /^Circuit 1: (\S+)\s*\|Circuit 2: (\S+)/;
const MATCH = /^(?:Circuits|Netlists) match (?:uniquely|correctly|with \d+ symmetr(?:y|ies))\.$/;
const MISMATCH = /(?:do not match|failed (?:pin )?matching|with port errors|not equivalent)\.$/;
const NONE = /^Verify:/;
const PROPERTIES = /^(?:Property errors were found|The following cells had property errors)/;

/** tcltk/netgen.tcl.in (lvs) and verify() in tclnetgen.c: only the last "Final result" counts. */
function open(out: Output): Parser {
  let circuit: string | undefined;
  /** What follows the last "Final result:". */
  let final: string[] | undefined;
  let last = "";
  let before = "";
  const onLine = (line: string) => {
    const result = FINAL.exec(line)?.[1];
    if (result !== undefined) final = [];
    const text = (result ?? line).trim();
    if (final && final.length < 100 && text !== "" && text !== ".") final.push(text);
    if (line.trim() !== "") [before, last] = [last, line.trim()];
    circuit = DEVICES.exec(line)?.[1] ?? CIRCUIT.exec(line)?.[1] ?? circuit;
  };
  return lines(onLine, (count) => {
    if (!final && DEVICES.test(before) && /^Circuits match /.test(last)) final = [last];
    const [result] = final ?? [];
    if (!result) throw new ParseError('There is no "Final result": is the report cut?', count);
    if (NONE.test(result)) throw new ParseError(`LVS did not compare: ${result}`, count);
    if (!MATCH.test(result) && !MISMATCH.test(result)) {
      throw new ParseError(`The final result is not known, or cut: ${result.slice(0, 200)}`, count);
    }
    const hasBadProperties = final!.some((line) => PROPERTIES.test(line));
    if (hasBadProperties) out.warn("LVS found property errors.");
    if (circuit) out.say({ design: circuit });
    writeLvs(out, null, MATCH.test(result) && !hasBadProperties ? "match" : "mismatch");
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
/** Of nets, devices and pins that differ, and of failed properties: printed in this order. */
const PART =
  /^\s+(?:(?:net|device) count difference|unmatched (?:nets|devices|pins)|property failures) = (\d+)$/;
const PARTS = 6;

function openShort(out: Output): Parser {
  let total: number | undefined;
  const parts: number[] = [];
  let isClean = false;
  const onLine = (line: string) => {
    isClean ||= CLEAN.test(line);
    const part = PART.exec(line)?.[1];
    if (part !== undefined) parts.push(Number(part));
    const found = TOTAL.exec(line)?.[1];
    if (found !== undefined) total = Number(found);
  };
  return lines(onLine, (count) => {
    const sum = parts.reduce((a, b) => a + b, 0);
    if (parts.length >= PARTS) total ??= sum;
    if (total === undefined) throw new ParseError('There is no "Total errors": is it cut?', count);
    if (total !== (isClean ? 0 : sum)) {
      throw new ParseError(`Total errors is ${total}, the parts have ${sum}.`, count);
    }
    writeLvs(out, total, total === 0 ? "match" : "mismatch");
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
