import { type Format, type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";

const RULE = /^Violation Message "(.*)"\s*found (\d+) Times\.$/;
const TOTAL = /^Total Magic DRC violations is (\d+)$/;
const LVS = /^Total errors = (\d+)/;
const ANTENNA = /^(?:Number of )?(pin|net)s? violat(?:ions|ed): (-?\d+)$/i;
/** The last lines that the script can write. */
const LAST =
  /^(?:Net violations: -?\d+|Number of \w+ violated: -?\d+|No antenna report found\.|Source not found\.)$/;

class Manufacturability {
  #found = new Map<string, number>();
  #total: number | undefined;
  #lvs: number | undefined;
  readonly #antenna: Record<string, number> = {};
  #section = "";
  #last = "";

  constructor(readonly out: Output) {}

  line(line: string) {
    const text = line.trim();
    if (text === "") return;
    this.#last = text;
    const section = /^(Magic DRC|LVS|Antenna) Summary:$/.exec(text)?.[1];
    if (section) this.#section = section;
    const design = /^Design Name: (\S+)$/.exec(text)?.[1];
    if (design) this.out.say({ design });
    const [, message, count] = RULE.exec(text) ?? [];
    const rule = message?.trim();
    if (rule !== undefined) this.#found.set(rule, (this.#found.get(rule) ?? 0) + Number(count));
    const total = TOTAL.exec(text)?.[1];
    if (total !== undefined) this.#total = Number(total);
    const errors = LVS.exec(text)?.[1] ?? (text === "Design is LVS clean." ? "0" : undefined);
    if (errors !== undefined) this.#lvs = Number(errors);
    const [, what, violating] = ANTENNA.exec(text) ?? [];
    if (what && Number(violating) >= 0) this.#antenna[what.toLowerCase()] = Number(violating);
  }

  end(lines: number, hasLineEnd: boolean) {
    if (this.#section !== "Antenna" || !LAST.test(this.#last)) {
      throw new ParseError("The report ends before its antenna summary: is it cut?", lines);
    }
    if (!hasLineEnd && /\d$/.test(this.#last)) {
      this.out.warn("The last line has no end: is the report cut?", lines);
    }
    const sum = [...this.#found.values()].reduce((a, b) => a + b, 0);
    if (this.#total !== undefined && sum !== this.#total) {
      throw new ParseError(`The rules have ${sum} violations, the total is ${this.#total}.`, lines);
    }
    this.#writeRules();
    this.#writeOthers();
  }

  #writeRules() {
    const append = this.out.table("violations", ["rule", "description", "count"], "drc");
    if (this.#total === undefined) return;
    const add = this.out.table("summary", ["rule", "count"], "drc");
    add(["Total", this.#total]);
    for (const [description, count] of this.#found) {
      const rule = /\(([^()]*)\)$/.exec(description)?.[1]?.trim() || description;
      append([rule, description, count]);
      add([rule, count]);
    }
  }

  #writeOthers() {
    const { pin = null, net = null } = this.#antenna;
    if (pin !== null || net !== null) {
      const columns = ["rule", "antenna_violating_nets", "antenna_violating_pins"];
      this.out.table("summary", columns, "drc")(["Antenna", net, pin]);
    }
    if (this.#lvs === undefined) return;
    const result = this.#lvs === 0 ? "match" : "mismatch";
    this.out.table("summary", ["rule", "lvs_errors", "lvs_result"], "drc")([
      "LVS",
      this.#lvs,
      result,
    ]);
  }
}

function open(out: Output): Parser {
  const report = new Manufacturability(out);
  let hasLineEnd = false;
  const onEnd = (count: number) => report.end(count, hasLineEnd);
  const parser = lines((line) => report.line(line), onEnd);
  return {
    write(text) {
      if (text) hasLineEnd = text.endsWith("\n");
      parser.write(text);
    },
    end: parser.end,
  };
}

/** scripts/generate_reports.py of OpenLane 1. "Source not found." is unknown, not clean. */
export const openlane1Manufacturability: Format = {
  name: "openlane1-manufacturability",
  tool: "OpenLane 1",
  kind: "drc",
  table: "violations",
  recognise: (start) =>
    /^\s*Design Name: \S+\s+Run Directory: /.test(start) && /^(?:LVS|Antenna) Summary:/m.test(start)
      ? 0.95
      : 0,
  open,
};
