import { z } from "zod";
import type { Issue } from "../errors.ts";
import type { JsonObject, Path } from "./json.ts";
import { Value } from "../boards/variables.ts";

const Fields = z.looseObject({}).nullish();
const Text = z.string().nullish();
const list = <T extends z.ZodType>(of: T) => z.array(of).nullish();

/** What the boards read of a panel. Grafana leaves out, or writes as null, what has its usual value. */
const Panel = z.looseObject({
  title: Text,
  description: Text,
  options: Fields,
  fieldConfig: z.looseObject({
    defaults: Fields,
    overrides: list(z.looseObject({
      matcher: z.looseObject({}),
      properties: z.array(z.looseObject({ id: z.string() })),
    })),
  }).nullish(),
  targets: list(z.looseObject({ refId: Text, hide: z.boolean().nullish() })),
  transformations: list(z.looseObject({})),
});

const Variable = z.looseObject({
  name: z.string().regex(/^\w+$/, "A variable's name has letters, digits and _."),
  label: Text,
  allValue: Text,
  current: z.looseObject({ value: z.union([Value, z.array(Value)]).nullish() }).nullish(),
});
const Templating = z.looseObject({ list: list(Variable) }).nullish();

/** Fields of another type than Grafana's, which would break a board's page. */
export function shapeIssues(
  { templating }: JsonObject,
  panels: { panel: JsonObject; path: Path }[],
): Issue[] {
  return [
    ...issuesOf(Templating, templating, ["dashboard", "templating"]),
    ...panels.flatMap(({ panel, path }) => issuesOf(Panel, panel, path)),
  ];
}

function issuesOf(shape: z.ZodType, value: unknown, at: Path): Issue[] {
  const { error } = shape.safeParse(value);
  return (error?.issues ?? []).map(({ path, message }) => ({
    path: [...at, ...path].map(String).join("."),
    message,
  }));
}
