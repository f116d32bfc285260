import { AppError } from "../../errors.ts";
import type { WrittenColumn } from "./plan.ts";

/** A column as the table has it; `type` by PostgreSQL's name. */
export type Existing = { name: string; type: string; is_generated: boolean };

const INTEGERS = /^(?:smallint|integer)$/;
const BOUNDED_NUMERIC = /^numeric\(/;
const BOUNDED_TEXT = /^(?:character varying\(|character\(|character$|"char"$|name$)/;
const TEXT = /^(?:text|citext|character varying)$/;

/** The type that holds both, undefined: there is none. */
export function widened(existing: string, incoming: WrittenColumn["type"]): string | undefined {
  if (TEXT.test(existing)) return existing;
  if (BOUNDED_TEXT.test(existing)) return "text";
  if (incoming === "text" || incoming === "boolean") {
    return existing === incoming ? existing : undefined;
  }
  if (incoming === "timestamptz") {
    return /^timestamp(?:\(\d\))? with time zone$/.test(existing) ? existing : undefined;
  }
  if (/^(?:double precision|numeric)$/.test(existing)) return existing;
  if (BOUNDED_NUMERIC.test(existing)) return "numeric";
  if (existing === "real") return "double precision";
  if (existing === "bigint" || INTEGERS.test(existing)) return incoming;
  return undefined;
}

export type Change = { name: string; type: string };
export type Changes = { add: Change[]; widen: Change[]; types: Map<string, string> };

const written = (type: string) => type === "timestamptz" ? "timestamp with time zone" : type;

/** How a table has to change to take these columns. Throws 409 `table_conflict`. */
export function changesFor(table: string, existing: Existing[], columns: WrittenColumn[]): Changes {
  const changes: Changes = { add: [], widen: [], types: new Map() };
  for (const { name, type, is_empty } of columns) {
    const there = existing.find((column) => column.name === name);
    if (!there) changes.add.push({ name, type });
    const wide = !there ? type : is_empty ? there.type : widened(there.type, type);
    if (wide === undefined || there?.is_generated) throw conflict(table, there!, type);
    if (there && wide !== there.type) changes.widen.push({ name, type: wide });
    changes.types.set(name, wide);
  }
  return changes;
}

function conflict(table: string, { name, type, is_generated }: Existing, incoming: string) {
  const own = is_generated ? "generated" : type;
  const message = `The column ${name} of public.${table} is ${own}, and the import writes ${
    written(incoming)
  }. Choose another table: table=NAME.`;
  const issues = [{
    path: name,
    message: `${own} in the table, ${written(incoming)} in the import`,
  }];
  return new AppError("table_conflict", 409, message, { issues });
}
