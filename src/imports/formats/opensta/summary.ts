import type { Cell } from "../format.ts";
import { numberOf } from "../numbers.ts";
import type { Row, WriteRow } from "../rows.ts";
import { isHold, type Place, placed } from "./place.ts";

const SLACK = /^(wns|tns|worst slack)(?: (max|min))?:? +(\S+)$/;
const OF_CORNER = /^(\S+): (\S+)$/;
const TITLE = /^(Worst Slack|Worst Negative Slack|Total Negative Slack) \((Setup|Hold)\)$/;
const SHORT: Record<string, string> = {
  ...{ "Worst Slack": "worst slack", "Worst Negative Slack": "wns" },
  "Total Negative Slack": "tns",
};
const FAILING = /^(setup|hold) violation count (\d+)$/;
const ELECTRICAL = /^max (slew|cap|fanout) violations? count(?: (\S+?):)? (\d+)$/;
const PERIOD = /^(\S+) period_min = (\S+) fmax = (\S+)$/;

type Total = {
  corner: string | null;
  stage: string | null;
  found: Map<string, number | null>;
};
const COLUMNS = [
  ...["setup_wns", "setup_tns", "setup_violations", "hold_wns", "hold_tns", "hold_violations"],
  ...["setup_wns_clamped", "hold_wns_clamped"],
  ...["slew_violations", "cap_violations", "fanout_violations"],
];

/** Reads `report_wns`, `report_tns`, `report_worst_slack` and counts; one row for each corner. */
export class SummaryReader {
  readonly #totals = new Map<string, Total>();

  constructor(readonly write: WriteRow, readonly place: Place) {}

  /** True: the line is one of these. */
  line(text: string): boolean {
    const slack = SLACK.exec(text);
    if (slack) {
      const check = (slack[2] ? slack[2] === "min" : isHold(this.place)) ? "hold" : "setup";
      return this.#keep(`${check} ${slack[1]}`, numberOf(slack[3]!));
    }
    const failing = FAILING.exec(text);
    if (failing) return this.#keep(`${failing[1]}_violations`, Number(failing[2]));
    const electrical = ELECTRICAL.exec(text);
    if (electrical) {
      return this.#keep(`${electrical[1]}_violations`, Number(electrical[3]), electrical[2]);
    }
    return this.#cornerLine(text) || this.#periodLine(text);
  }

  /** Returns the number of rows. */
  end(): number {
    const whole = [...this.#totals.values()].filter(hasSlack);
    for (const total of whole) {
      const row: Row = { path_group: "Total" };
      for (const column of COLUMNS) {
        const cell = cellOf(total, column);
        if (cell !== undefined) row[column] = cell;
      }
      this.write("timing", "summary", { ...row, ...placed(total) });
    }
    return whole.length;
  }

  /** LibreLane: `nom_tt_025C_1v80: 3.2` under `Worst Slack (Setup)`. */
  #cornerLine(text: string): boolean {
    const [, named, check] = TITLE.exec(this.place.title) ?? [];
    const [, corner, value] = named ? OF_CORNER.exec(text) ?? [] : [];
    if (!corner) return false;
    return this.#keep(`${check!.toLowerCase()} ${SHORT[named!]}`, numberOf(value!), corner);
  }

  #periodLine(text: string): boolean {
    const [, clock, , fmax] = PERIOD.exec(text) ?? [];
    if (!clock) return false;
    this.write("timing", "summary", { clock, fmax: numberOf(fmax!), ...placed(this.place) });
    return true;
  }

  #keep(name: string, value: number | null, corner = this.place.corner): boolean {
    const { stage } = this.place;
    const key = `${corner ?? ""}\n${stage ?? ""}`;
    const total = this.#totals.get(key) ?? { corner, stage, found: new Map() };
    this.#totals.set(key, total);
    total.found.set(name, value);
    return true;
  }
}

/** Electrical counts alone are no summary of slacks. */
const hasSlack = ({ found }: Total) =>
  [...found.keys()].some((name) => /^(?:setup|hold)[ _]/.test(name));

/** A clamped `wns 0.00` is the WNS only where the report has no worst slack. */
function cellOf({ found }: Total, column: string): Cell | undefined {
  const [, check, number, clamped] = /^(setup|hold)_(wns|tns)(_clamped)?$/.exec(column) ?? [];
  if (!check) return found.get(column);
  const wns = found.get(`${check} wns`);
  if (number === "tns") return found.get(`${check} tns`);
  const hasWorst = found.has(`${check} worst slack`);
  if (clamped) return hasWorst ? wns : undefined;
  return hasWorst ? found.get(`${check} worst slack`) : wns;
}
