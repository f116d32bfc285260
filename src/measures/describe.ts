import { z } from "@hono/zod-openapi";
import type { Column } from "./columns.ts";
import type { TableFacts } from "./facts.ts";
import { faultsOf, keyMeasures } from "./measures.ts";
import { NAMES } from "./number.ts";

export const Described = z.object({
  format: z.string().nullable().openapi({
    description: "The format of a known tool.",
    example: null,
  }),
  run: z.object({
    columns: z.array(z.string()).openapi({ description: "Rows with the same values are one run." }),
    order_by: z.string().nullable().openapi({ description: "The time column that orders runs." }),
  }),
  group: z.array(z.string()).openapi({
    description: "Columns that identify one design under test.",
  }),
  dimensions: z.array(z.string()).openapi({
    description: "Columns that divide a run, such as corner or path group.",
  }),
  measures: z.array(z.object({
    name: z.enum(NAMES),
    column: z.string().nullable().openapi({ description: "null: switched off." }),
    metric: z.string().nullable().openapi({ description: "The metric's name in a long table." }),
    unit: z.string().nullable(),
    sure: z.boolean(),
    doubt: z.string().nullable(),
  })),
  ignored: z.array(z.string()),
  corrected: z.array(z.string()).openapi({
    description: "Parts set by a person or a column comment.",
    example: ["run", "measures.setup_wns"],
  }),
}).openapi("Mapping");
export type Described = z.infer<typeof Described>;

const namesOf = (columns: Column[]) => columns.map(({ name }) => name);

export function describeMapping(facts: TableFacts): Described {
  const { format, run, group, dimensions, ignored, corrected, chosen } = facts.mapping;
  const found = keyMeasures(facts).map(({ name, source, symbol, doubt }) => ({
    ...{ name, ...source, unit: symbol, sure: doubt === undefined, doubt: doubt ?? null },
  }));
  const isOff = (name: typeof NAMES[number]) =>
    chosen[name]?.column === null && !chosen[name].fault;
  const off = NAMES.filter(isOff)
    .map((name) => ({ name, column: null, metric: null, unit: null, sure: true, doubt: null }));
  const faults = faultsOf(facts);
  const measures = [...found, ...off];
  return {
    format: format?.name ?? null,
    run: {
      columns: namesOf(run.names.length > 0 ? run.names : run.time ? [run.time] : []),
      order_by: run.time?.name ?? null,
    },
    group: namesOf(group),
    dimensions: namesOf(dimensions),
    measures: measures.toSorted((a, b) => NAMES.indexOf(a.name) - NAMES.indexOf(b.name)),
    ignored,
    corrected: corrected.filter((part) =>
      part === "ignored" || !faults.some(({ path }) => path.startsWith(`${part}.`))
    ),
  };
}
