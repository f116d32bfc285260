import type { Sql } from "../../external/postgres/postgres.ts";
import { quoteName } from "../../measures/sql.ts";
import type { Relation } from "./relations.ts";

/** `content`: the oid and a digest that changes with rows or columns. */
export type Content = { content: string; rows: number };

/** Larger tables are compared by statistics: reading 256 MiB takes about 0.5 s. */
const MOST_BYTES = 256 * 1024 * 1024;

const shapeOf = ({ oid, columns }: Relation) => `${oid}:${columns}`;

export const isOfShape = (content: string | null, relation: Relation) =>
  content?.startsWith(`${shapeOf(relation)}:`) === true;

/** 0 before the first read. */
export const oidOf = (content: string): number => Number(content.split(":")[0]);

/** A view counts as changed only when its tables did: `now()` in it does not matter. */
export function keptContent(relation: Relation, known: string | null): Content | undefined {
  if (relation.type !== "view" || !isOfShape(known, relation)) return undefined;
  return { content: known!, rows: Number(known!.split(":")[2]) };
}

/** Count and sum of `xmin`, which VACUUM and rollbacks do not change; views have no `xmin` and use row hashes. */
export async function contentOf(reader: Sql, relation: Relation): Promise<Content> {
  const name = `${quoteName(relation.schema_name)}.${quoteName(relation.table_name)}`;
  const shape = shapeOf(relation);
  const isView = relation.type === "view";
  if (!isView && relation.bytes > MOST_BYTES) {
    const [first] = await reader.unsafe(`select 1 from ${name} limit 1`);
    const rows = first ? Math.max(1, relation.stored_rows) : 0;
    return { rows, content: `${shape}:~${relation.bytes}:${relation.counter}` };
  }
  const part = isView
    ? "pg_catalog.hashtextextended((t.*)::pg_catalog.text, 0)"
    : "xmin::text::int8";
  const [sum] = await reader.unsafe<{ rows: number; digest: string }[]>(`
    select count(*) as rows, coalesce(sum(${part}), 0)::text as digest from ${name} t`);
  return { rows: sum!.rows, content: `${shape}:${sum!.rows}:${sum!.digest}` };
}
