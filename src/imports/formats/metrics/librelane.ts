import { type Cell, type Format, type Output, ParseError, type Parser } from "../format.ts";
import { delimited } from "../tables/delimited.ts";
import { isBlank } from "../tables/dialect.ts";
import { withLineFeeds } from "../tables/line_ends.ts";
import { keysIn, metricsObject, withoutCorner } from "./object.ts";
import { figuresOf, writeMetrics, writeRun } from "./run.ts";

/** LibreLane's manual gives times in ns, power in W, lengths in µm. */
const TIME_UNIT = "ns";

function write(out: Output, fields: Map<string, Cell>) {
  const metrics = [...fields].map(([key, value]) => ({
    ...withoutCorner(key),
    stage: null,
    value,
  }));
  const columns = figuresOf(metrics, { timeUnit: TIME_UNIT });
  if (columns.size === 0) out.warn("None of the metrics is one of the table runs.");
  writeRun(out, columns.size > 0 ? columns : new Map([["cells", null]]));
  writeMetrics(out, metrics, TIME_UNIT);
}

/** Steps that LibreLane has and OpenROAD alone has not; a list of all is in its steps/. */
const OWN = /__corner:|^(?:magic|klayout|synthesis|ir)__|^design__(?:lint|lvs|xor|inferred)_/;

const shared = { tool: "LibreLane/OpenLane 2", kind: "qor", table: "runs" } as const;

/** librelane/state/state.py; a key without `__corner:` is the worst of all, or their sum. */
export const librelaneJson: Format = {
  ...shared,
  name: "librelane-metrics-json",
  recognise: (start) => keysIn(start).some((key) => OWN.test(key)) ? 0.92 : 0,
  open: (out) => metricsObject((fields) => write(out, fields)),
};

function openCsv(out: Output): Parser {
  const fields = new Map<string, Cell>();
  const rows = delimited(",", 1, (cells, line, isOpen) => {
    if (isBlank(cells) || line === 1) return;
    const [key = "", value = "", ...more] = cells.map((cell) => cell.trim());
    if (key === "" || cells.length < 2 || more.length > 0) {
      throw new ParseError("A metric and its value are expected.", line);
    }
    if (isOpen) out.warn("The last line has no end: is the file cut?", line);
    if (fields.size >= 100_000) throw new ParseError("More than 100,000 metrics.", line);
    fields.set(key, value || null);
  });
  return withLineFeeds({
    write: rows.write,
    end() {
      rows.end();
      if (fields.size === 0) throw new ParseError("The file holds no metrics.", 1);
      write(out, fields);
    },
  });
}

/** The same as `Metric,Value`. */
export const librelaneCsv: Format = {
  ...shared,
  name: "librelane-metrics-csv",
  recognise: (start) => /^\ufeff?Metric,Value\r?\n"?\w+__\w/i.test(start) ? 0.95 : 0,
  open: openCsv,
};
