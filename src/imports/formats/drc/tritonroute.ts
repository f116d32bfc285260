import { type Append, type Format, type Output, ParseError, type Parser } from "../format.ts";
import { lines } from "../lines.ts";
import { Totals } from "./totals.ts";

const COLUMNS = [
  ...["rule", "layer", "count", "x1_um", "y1_um", "x2_um", "y2_um", "nets", "comment"],
];
const TYPE = /^\s*violation type: (.+)$/;
const SOURCES = /^\s*srcs:(.*)$/;
const COMMENT = /^\s*(?:comment|congestion information): ?(.*)$/;
const NUMBER = "(-?[\\d.]+(?:e[-+]?\\d+)?)";
const BOX = new RegExp(
  `^\\s*bbox = \\(\\s*${NUMBER}\\s*,\\s*${NUMBER}\\s*\\)\\s*-\\s*\\(\\s*${NUMBER}\\s*,\\s*${NUMBER}\\s*\\) on Layer (.+)$`,
);
const SOURCE = /^\s*- (\S+)$/;
/** What OpenROAD reports in the same way, and is no DRC: report_congestion, check_power_grid. */
const OTHER = /congestion|^Unconnected /i;

type Violation = { rule: string; line: number; nets?: string | null; comment?: string };

/** Nets and other sources with commas between; obstructions have no name. */
function netsOf(sources: string): string | null {
  const names = sources.trim().split(/\s+/).filter((one) => one !== "" && one !== "N/A");
  return names.map((one) => one.replace(/^net:/, "")).join(",") || null;
}

class TritonRoute {
  readonly #totals = new Totals();
  readonly #append: Append;
  #open: Violation | undefined;
  #writer: string | undefined;
  #others = 0;

  constructor(readonly out: Output) {
    this.#append = out.table("violations", COLUMNS, "drc");
  }

  line(text: string, number: number) {
    if (text.trim() === "") return;
    const rule = TYPE.exec(text)?.[1];
    if (rule !== undefined) {
      this.#requireNone();
      this.#open = { rule: rule.trim(), line: number };
      return;
    }
    if (!this.#open) throw new ParseError('"violation type:" is expected.', number);
    const [, sources] = SOURCES.exec(text) ?? [];
    if (sources !== undefined) {
      this.#open.nets = netsOf(sources);
      this.#writer ??= sources.trim() === "N/A N/A" ? "Magic (converted by OpenLane)" : "OpenROAD";
      return;
    }
    const source = SOURCE.exec(text)?.[1];
    if (source !== undefined) {
      this.#open.nets = [this.#open.nets, netsOf(source)].filter(Boolean).join(",");
      return;
    }
    const comment = COMMENT.exec(text)?.[1];
    if (comment !== undefined) this.#open.comment = comment.trim();
    else this.#addBox(this.#open, text, number);
  }

  #addBox({ rule, nets = null, comment = "" }: Violation, text: string, number: number) {
    const [, x1, y1, x2, y2, on] = BOX.exec(text) ?? [];
    if (on === undefined) {
      throw new ParseError('"bbox = (x, y) - (x, y) on Layer" is expected.', number);
    }
    const layer = on.trim() === "-" ? null : on.trim();
    const isOther = OTHER.test(rule);
    if (isOther) this.#others++;
    else this.#totals.add(rule, layer);
    const box = [x1, y1, x2, y2].map(Number);
    this.#append([rule, layer, isOther ? null : 1, ...box, nets, comment || null]);
    this.#open = undefined;
  }

  #requireNone() {
    if (this.#open) {
      throw new ParseError("The violation has no bbox: is the report cut?", this.#open.line);
    }
  }

  end() {
    this.#requireNone();
    this.out.say({ tool: this.#writer ?? "OpenROAD" });
    if (this.#others > 0) {
      this.out.warn(
        `${this.#others} places (congestion, unconnected) are not counted as violations.`,
      );
      if (this.#totals.total === 0) return;
    }
    this.#totals.write(this.out);
  }
}

function open(out: Output): Parser {
  const report = new TritonRoute(out);
  return lines((line, number) => report.line(line, number), () => report.end());
}

/** _dbMarker::writeTR() and dbMarkerCategory::fromTR() of OpenROAD; coordinates in µm. */
export const tritonRoute: Format = {
  name: "tritonroute",
  tool: "OpenROAD",
  kind: "drc",
  table: "violations",
  recognise: (start) => /^\ufeff?\s*violation type: \S/.test(start) ? 0.95 : 0,
  open,
};
