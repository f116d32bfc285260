import { z } from "@hono/zod-openapi";
import type { Meaning } from "../columns.ts";
import { NAMES, type NumberName } from "../number.ts";
import { type Comment, readComment } from "./comments.ts";
import type { Content } from "./content.ts";
import { isRoleWord } from "./dimensions.ts";

const ColumnName = z.string().min(1).max(63);
const unique = (names: string[]) => new Set(names).size === names.length;
const Columns = z.array(ColumnName).max(1600).refine(unique, "must name each column once");

export const ChosenMeasure = z.strictObject({
  name: z.enum(NAMES),
  column: ColumnName.nullable().openapi({ description: "null: the table has no such number." }),
  metric: z.string().min(1).max(200).nullable().optional().openapi({
    description: "The metric's name in a long table.",
  }),
  unit: z.string().min(1).max(20).nullable().optional().openapi({ example: "ns" }),
});
export type ChosenMeasure = z.infer<typeof ChosenMeasure>;

/** Replaces parts of the automatic mapping; omitted parts stay automatic. */
export const Correction = z.strictObject({
  run: z.strictObject({ columns: Columns, order_by: ColumnName.nullable().optional() }).optional()
    .openapi({ example: { columns: ["run_id"], order_by: "run_at" } }),
  group: Columns.optional().openapi({ example: ["design"] }),
  dimensions: Columns.optional().openapi({ example: ["corner"] }),
  measures: z.array(ChosenMeasure).max(NAMES.length).superRefine((measures, context) => {
    const names = measures.map(({ name }) => name);
    for (const [i, name] of names.entries()) {
      if (names.indexOf(name) === i) continue;
      context.addIssue({ code: "custom", path: [i, "name"], message: "is listed twice" });
    }
  }).optional().openapi({ example: [{ name: "setup_wns", column: "worst_slack", unit: "ns" }] }),
  ignored: Columns.optional().openapi({ example: ["notes"] }),
}).openapi("MappingCorrection");
export type Correction = z.infer<typeof Correction>;

/** Merges two corrections: `change` wins part by part and number by number. */
export function over(base: Correction, change: Correction): Correction {
  const named = change.measures?.map(({ name }) => name) ?? [];
  const kept = (base.measures ?? []).filter(({ name }) => !named.includes(name));
  const measures = [...kept, ...change.measures ?? []];
  return { ...base, ...change, ...(measures.length > 0 && { measures }) };
}

/** A person's correction plus column comments: `meanings` by column, `also` extends the automatic parts. */
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

/** A person's correction wins over comments, part by part and column by column. */
export function withComments(
  { columns }: Content,
  person: Correction,
): Corrections {
  const taken = columnsIn(person);
  const comments = columns.flatMap(({ name, comment }): [string, Comment][] => {
    const found = taken.has(name) ? null : readComment(comment ?? null);
    return found ? [[name, found]] : [];
  }).toSorted(([a], [b]) => a < b ? -1 : 1);
  const of = (word: string) =>
    comments.filter(([, read]) => read.word === word).map(([name]) => name);
  const measures = comments.flatMap(([column, { word, unit }]): ChosenMeasure[] =>
    isNumber(word) ? [{ name: word, column, ...(unit && { unit }) }] : []
  );
  const [run, group] = [of("run"), of("group")];
  const fromComments: Correction = {
    ...(run.length > 0 && { run: { columns: run } }),
    ...(group.length > 0 && { group }),
    measures: measures.filter((one, i) =>
      measures.findIndex(({ name }) => name === one.name) === i
    ),
  };
  const meanings = comments.flatMap(([name, { word }]) => isRoleWord(word) ? [[name, word]] : []);
  return {
    ...over(fromComments, person),
    meanings: Object.fromEntries(meanings),
    also: { dimensions: of("dimension"), ignored: of("ignore") },
  };
}
