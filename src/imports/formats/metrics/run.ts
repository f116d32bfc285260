import type { Cell, Output } from "../format.ts";
import { type Figure, FIGURES, suffixed, symbolOf, valueAndText } from "./figures.ts";

/** `name` without the stage and the corner. */
export type Metric = { name: string; stage: string | null; corner: string | null; value: Cell };

export type RunColumns = Map<string, Cell>;

/** The table `metrics`: each metric under the tool's own name. */
export function writeMetrics(out: Output, metrics: Iterable<Metric>, timeUnit?: string) {
  const columns = ["metric", "value", "text", "unit", "stage", "corner"];
  const append = out.table("metrics", columns, "qor");
  for (const { name, stage, corner, value: cell } of metrics) {
    const { value, text } = valueAndText(cell);
    const unit = value === null ? null : symbolOf(FIGURES[name]?.quantity, timeUnit) ?? null;
    append([name, value, text, unit, stage, corner]);
  }
}

export function writeRun(out: Output, columns: RunColumns) {
  out.table("runs", [...columns.keys()], "qor")([...columns.values()]);
}

/** A key without a corner is the whole; its stage is `last`, of routing the last that has it. */
function numberFor(figure: Figure, found: Metric[], last: string | null, order: string[]) {
  const numbers = found.filter(({ corner }) => corner === null)
    .map((metric) => ({ stage: metric.stage, value: valueAndText(metric.value).value }))
    .filter(({ value }) => value !== null);
  const own = numbers.filter(({ stage }) => stage === last);
  if (own.length > 0 || !figure.ofRouter) return own[0]?.value ?? null;
  numbers.sort((a, b) => order.indexOf(b.stage ?? "") - order.indexOf(a.stage ?? ""));
  return numbers[0]?.value ?? null;
}

/** The columns of `runs` that METRICS 2.1 names fill. */
export function figuresOf(
  metrics: readonly Metric[],
  { timeUnit, last = null, order = [] }: {
    timeUnit?: string | undefined;
    last?: string | null;
    order?: string[];
  },
): RunColumns {
  const byName = Map.groupBy(metrics, ({ name }) => name);
  const columns: RunColumns = new Map();
  for (const [name, figure] of Object.entries(FIGURES)) {
    const value = numberFor(figure, byName.get(name) ?? [], last, order);
    if (value === null) continue;
    const column = suffixed(figure.column, symbolOf(figure.quantity, timeUnit));
    const known = columns.get(column);
    if (known === undefined || figure.greatest && value > Number(known)) columns.set(column, value);
  }
  return columns;
}
