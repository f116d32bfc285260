import { ParseError } from "../format.ts";
import { numberOf } from "../numbers.ts";
import type { WriteRow } from "../rows.ts";
import { isHold, type Place, placed } from "./place.ts";

const NEW = /^(\S+) (source latency|target latency|clock uncertainty|CRPR|(?:setup|hold) skew)\b/;

/** What follows the clock's name; other reports print `Clock clk` as well. */
const FIRST = /^(?:Latency +CRPR +Skew$|\S+ source latency|No launch\/capture)/;

type Skew = { clock: string; latencies: (number | null)[]; isSure: boolean };

/** Reads `report_clock_skew`, both the table of columns and the list of later versions. */
export class SkewReader {
  #open: Skew | null = null;
  rows = 0;

  constructor(readonly write: WriteRow, readonly place: Place) {}

  /** True: the line belongs to a report of clock skew. */
  line(text: string, number: number): boolean {
    const [, clock] = /^Clock (\S+)$/.exec(text) ?? [];
    if (clock) {
      this.end(number);
      this.#open = { clock, latencies: [], isSure: false };
      return true;
    }
    const open = this.#open;
    if (!open || !open.isSure && !FIRST.test(text)) return Boolean(this.#open = null);
    open.isSure = true;
    const [, value, what] = NEW.exec(text) ?? [];
    if (text.startsWith("No launch")) this.#finish(open, null, isHold(this.place));
    else if (what?.endsWith("skew")) this.#finish(open, numberOf(value!), what.startsWith("hold"));
    else if (what?.endsWith("latency")) {
      const latency = numberOf(value!);
      open.latencies.push(what.startsWith("target") && latency ? -latency : latency);
    } else if (!what) this.#columns(open, text.split(/\s+/));
    return true;
  }

  end(line: number) {
    if (!this.#open?.isSure) return;
    const { clock } = this.#open;
    throw new ParseError(`The skew of clock ${clock} is missing. Is the file cut?`, line);
  }

  #columns(open: Skew, cells: string[]) {
    if (!/^(?:[-+]?[\d.]+|[-+]?INF)$/.test(cells[0]!)) return;
    open.latencies.push(numberOf(cells[0]!));
    if (open.latencies.length < 2 || cells.length < 3) return;
    this.#finish(open, numberOf(cells.at(-1)!), isHold(this.place));
  }

  #finish({ clock, latencies }: Skew, skew: number | null, isOfHold: boolean) {
    const [source_latency = null, target_latency = null] = latencies;
    const rest = { source_latency, target_latency, ...placed(this.place) };
    this.write("timing", "summary", { clock, [isOfHold ? "hold_skew" : "skew"]: skew, ...rest });
    this.rows++;
    this.#open = null;
  }
}
