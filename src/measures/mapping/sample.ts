import { type Sql, sqlState } from "../../external/postgres/postgres.ts";
import { shapeOf } from "../columns.ts";
import { tableOf } from "../facts.ts";
import { quoteName } from "../sql.ts";
import type { Content, Found } from "./content.ts";

/** Sampling must stay as cheap as a scan. */
const MOST_CELLS = 400_000;
const MOST_SAMPLED = 5000;

type Described = {
  name: string;
  type: string;
  is_enum: boolean;
  computed: boolean;
  comment: string | null;
};

function describe(reader: Sql, schema: string, table: string) {
  return reader<Described[]>`
    select a.attname as name,
      pg_catalog.format_type(coalesce(b.oid, t.oid), null) as type,
      coalesce(b.typtype, t.typtype) = 'e' as is_enum,
      c.relkind = 'v' or a.attgenerated = 'v' as computed,
      pg_catalog.col_description(c.oid, a.attnum) as comment
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_class c on c.oid = a.attrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_type b on t.typtype = 'd' and b.oid = t.typbasetype
    where n.nspname = ${schema} and c.relname = ${table} and a.attnum > 0 and not a.attisdropped
    order by a.attnum
  `;
}

/** Times as Unix seconds. */
function sampledCell({ name, shape, type }: Omit<Found, "values" | "least" | "most">): string {
  const column = quoteName(name);
  if (shape === "other" && !type.startsWith("interval")) return "NULL::pg_catalog.text";
  if (shape !== "time") return `pg_catalog.left(${column}::pg_catalog.text, 200)`;
  return `CASE WHEN pg_catalog.isfinite(${column}) THEN extract(epoch FROM ${column})::pg_catalog.text END`;
}

/** Without values when one cell cannot be read. */
export async function readSample(reader: Sql, schema: string, table: string): Promise<Content> {
  const described = (await describe(reader, schema, table)).map((
    { is_enum, ...column },
  ) => ({ ...column, shape: is_enum ? "text" as const : shapeOf(column.type) }));
  const most = Math.max(
    100,
    Math.min(MOST_SAMPLED, Math.floor(MOST_CELLS / (described.length + 1))),
  );
  const rows = described.length === 0 ? [] : await reader.unsafe(
    `SELECT ${described.map(sampledCell).join(", ")} FROM ${
      tableOf({ schema, table })
    } LIMIT ${most}`,
  ).values().catch((error) => {
    if (/^22/.test(sqlState(error) ?? "")) return [];
    throw error;
  }) as unknown as (string | null)[][];
  const columns = described.map((column, i): Found => {
    const values = rows.map((row) => row[i] ?? null);
    const numbers = column.shape === "number"
      ? values.filter((value) => value !== null).map(Number).filter(Number.isFinite)
      : [];
    const [least, most] = numbers.length === 0
      ? [null, null]
      : [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
    return { ...column, values, least, most };
  });
  return { columns, sampled: rows.length };
}
