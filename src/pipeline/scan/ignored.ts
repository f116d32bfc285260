import { isIgnored, isRead } from "../../measures/mapping/comments.ts";
import type { Relation } from "./relations.ts";

const TEMPORARY: [tool: string, name: RegExp][] = [
  ["dbt", /__dbt_(?:tmp|backup)\w*$/],
  ["SQLMesh", /__temp(?:__\w+)?$/],
  ["Airbyte", /^_airbyte_tmp_|_airbyte_tmp$/],
];

/** Undefined: the relation gets a row. `chosen`: a person pressed "Read this view". */
export function whyIgnored(
  { type, table_name, comment, of_extension }: Relation,
  chosen: boolean,
): string | undefined {
  if (type === "foreign table") {
    return "It is a foreign table: its rows are on another server. Copy them into a table.";
  }
  if (isIgnored(comment)) return 'Its comment says "dashkeeper: ignore".';
  const tool = TEMPORARY.find(([, name]) => name.test(table_name))?.[0];
  if (tool) return `It is a temporary table of ${tool}.`;
  if (chosen || isRead(comment) || type === "table") return undefined;
  if (of_extension) return "It belongs to an extension.";
  if (type === "materialized view") return undefined;
  return 'It is a view: press "Read this view", or comment it with "dashkeeper: read".';
}
