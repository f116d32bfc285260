import { ParseError } from "../format.ts";
import { numberOf } from "../numbers.ts";
import type { WriteRow } from "../rows.ts";
import { isHold, type Place, placed } from "./place.ts";

const NEW = /^(\S+) (source latency|target latency|clock uncertainty|CRPR|(?:setup|hold) skew)\b/;

/** What follows the clock's name; other reports print `Clock clk` as well. */
const FIRST = /^(?:Latency +CRPR +Skew$|\S+ source latency|No launch\/capture)/;

type Skew = { clock: string; latencies: (number | null)[]; isSure: boolean };

/** Reads `report_clock_skew`, both the table of columns and the list of later versions. */
export function skewReader(write: WriteRow, place: Place) {
  let open: Skew | null = null;
  let rows = 0;
  const finish = (skew: number | null, isOfHold: boolean) => {
    const { clock, latencies: [source_latency = null, target_latency = null] } = open!;
    const latencies = { source_latency, target_latency, ...placed(place) };
    write("timing", "summary", { clock, [isOfHold ? "hold_skew" : "skew"]: skew, ...latencies });
    rows++;
    open = null;
    return true;
  };
  const cut = (line: number) =>
    new ParseError(`The skew of clock ${open!.clock} is missing. Is the file cut?`, line);
  return {
    rows: () => rows,
    /** True: the line belongs to a report of clock skew. */
    line(text: string, number: number): boolean {
      const [, clock] = /^Clock (\S+)$/.exec(text) ?? [];
      if (clock) {
        if (open?.isSure) throw cut(number);
        open = { clock, latencies: [], isSure: false };
        return true;
      }
      if (!open || !open.isSure && !FIRST.test(text)) return Boolean(open = null);
      open.isSure = true;
      if (text === "No launch/capture paths found.") return finish(null, isHold(place));
      const [, value, what] = NEW.exec(text) ?? [];
      if (what?.endsWith("skew")) return finish(numberOf(value!), what.startsWith("hold"));
      if (what?.endsWith("latency")) {
        const latency = numberOf(value!);
        open.latencies.push(what.startsWith("target") && latency ? -latency : latency);
        return true;
      }
      if (what) return true;
      const cells = text.split(/\s+/);
      if (!/^(?:[-+]?[\d.]+|[-+]?INF)$/.test(cells[0]!)) return true;
      open.latencies.push(numberOf(cells[0]!));
      return open.latencies.length < 2 || cells.length < 3 ||
        finish(numberOf(cells.at(-1)!), isHold(place));
    },
    end(count: number) {
      if (open?.isSure) throw cut(count);
    },
  };
}
