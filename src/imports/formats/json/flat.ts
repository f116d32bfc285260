import type { Cell } from "../format.ts";

export type Fields = Map<string, Cell>;

type Objects = Record<string, unknown>;

export const isObject = (value: unknown): value is Objects =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Nested objects as columns `a.b`; a list as its JSON. The last of two equal names wins. */
export function flat(value: Objects, before = "", fields: Fields = new Map()): Fields {
  for (const [key, one] of Object.entries(value)) {
    const name = before + (key.trim() || "value");
    if (isObject(one)) flat(one, `${name}.`, fields);
    else if (Array.isArray(one)) fields.set(name, one.length > 0 ? JSON.stringify(one) : null);
    else fields.set(name, cellOf(one));
  }
  return fields;
}

function cellOf(value: unknown): Cell {
  if (typeof value === "string") return value.trim() || null;
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}

const isTable = (value: unknown): value is Objects[] =>
  Array.isArray(value) && value.length > 0 && value.every(isObject);

/** A file's one object is a row; where it holds one list of objects these are the rows. */
export function rowsOf(value: Objects): Fields[] {
  const lists = Object.entries(value).filter(([, one]) => isTable(one));
  if (lists.length !== 1) return [flat(value)];
  const [name, list] = lists[0] as [string, Objects[]];
  const { [name]: _, ...rest } = value;
  const shared = flat(rest);
  return list.map((one) => new Map([...shared, ...flat(one)]));
}
