import { z } from "@hono/zod-openapi";
import type { Meaning } from "../columns.ts";
import { NAMES, type NumberName } from "../number.ts";
import { type Comment, readComment } from "./comments.ts";
import type { Content } from "./content.ts";
import { isPlaced } from "./places.ts";

const ColumnName = z.string().min(1).max(63);
const unique = (names: string[]) => new Set(names).size === names.length;
const Columns = z.array(ColumnName).max(1600).refine(unique, "must name each column once");

export const ChosenMeasure = z.strictObject({
  name: z.enum(NAMES),
  column: ColumnName.nullable().openapi({ description: "null: the table has no such number." }),
  metric: z.string().min(1).max(200).nullable().optional().openapi({
    description: "Which rows of a long table, by their metric's name.",
  }),
  unit: z.string().min(1).max(20).nullable().optional().openapi({ example: "ns" }),
});
export type ChosenMeasure = z.infer<typeof ChosenMeasure>;

/** What replaces parts of the automatic mapping; parts that are left out stay. */
export const Correction = z.strictObject({
  run: z.strictObject({ columns: Columns, order_by: ColumnName.nullable().optional() }).optional()
    .openapi({ example: { columns: ["run_id"], order_by: "run_at" } }),
  group: Columns.optional().openapi({ example: ["design"] }),
  dimensions: Columns.optional().openapi({ example: ["corner"] }),
  measures: z.array(ChosenMeasure).max(NAMES.length).superRefine((measures, context) => {
    const names = measures.map(({ name }) => name);
    for (const [i, name] of names.entries()) {
      if (names.indexOf(name) === i) continue;
      context.addIssue({ code: "custom", path: [i, "name"], message: "is there twice" });
    }
  }).optional().openapi({ example: [{ name: "setup_wns", column: "worst_slack", unit: "ns" }] }),
  ignored: Columns.optional().openapi({ example: ["notes"] }),
}).openapi("MappingCorrection");
export type Correction = z.infer<typeof Correction>;

/** A correction over another: a part that is named replaces the other's, a measure the one of its name. */
export function over(base: Correction, change: Correction): Correction {
  const named = change.measures?.map(({ name }) => name) ?? [];
  const kept = (base.measures ?? []).filter(({ name }) => !named.includes(name));
  const measures = [...kept, ...change.measures ?? []];
  return { ...base, ...change, ...(measures.length > 0 && { measures }) };
}

/**
 * A person's correction with what the columns' comments say: `meanings` are their words that are a
 * dimension's or a group's own (`corner`), `also` is added to the automatic parts.
 */
export type Corrections = Correction & {
  meanings: Record<string, Meaning>;
  also: { dimensions: string[]; ignored: string[] };
};

const isNumber = (word: string): word is NumberName => NAMES.some((name) => name === word);

const columnsIn = ({ run, group, dimensions, measures, ignored }: Correction) =>
  new Set([
    ...run?.columns ?? [],
    ...group ?? [],
    ...dimensions ?? [],
    ...ignored ?? [],
    ...(measures ?? []).flatMap(({ column }) => column ?? []),
  ]);

/** A person goes before the comments of the flow, part by part and column by column. */
export function withComments(
  { columns }: Content,
  person: Correction,
): Corrections {
  const taken = columnsIn(person);
  const said = columns.flatMap(({ name, comment }): [string, Comment][] => {
    const read = taken.has(name) ? null : readComment(comment ?? null);
    return read ? [[name, read]] : [];
  }).toSorted(([a], [b]) => a < b ? -1 : 1);
  const of = (word: string) => said.filter(([, read]) => read.word === word).map(([name]) => name);
  const measures = said.flatMap(([column, { word, unit }]): ChosenMeasure[] =>
    isNumber(word) ? [{ name: word, column, ...(unit && { unit }) }] : []
  );
  const [run, group] = [of("run"), of("group")];
  const comments: Correction = {
    ...(run.length > 0 && { run: { columns: run } }),
    ...(group.length > 0 && { group }),
    measures: measures.filter((one, i) =>
      measures.findIndex(({ name }) => name === one.name) === i
    ),
  };
  const meanings = said.flatMap(([name, { word }]) => isPlaced(word) ? [[name, word]] : []);
  return {
    ...over(comments, person),
    meanings: Object.fromEntries(meanings),
    also: { dimensions: of("dimension"), ignored: of("ignore") },
  };
}
