import type { Column } from "../columns.ts";
import { type Content, filled, type Found, keysOf } from "./content.ts";
import type { RunColumns } from "./runs.ts";

/** A doubt sentence when one run has several rows for the same object: its total is then unknown. */
export function repeatedIn(
  content: Content,
  columns: Column[],
  { names, time }: RunColumns,
  objects: Column[],
): string | undefined {
  const foundOf = ({ name }: Column) => content.columns.find((column) => column.name === name)!;
  const run = (names[0] ?? time) && foundOf((names[0] ?? time)!);
  if (!run) return undefined;
  const isOfRun = (_: unknown, row: number) => run.values[row] !== null;
  const rows = run.values.filter(isOfRun).length;
  const known = [run, ...objects.map(foundOf)];
  const differing = (more: Found[]) =>
    new Set(keysOf([...known, ...more], content.sampled).filter(isOfRun)).size;
  if (differing([]) === rows) return undefined;
  const unknown = columns.filter(({ meaning, shape, name }) =>
    shape === "text" && !objects.some((object) => object.name === name) && meaning !== "commit"
  ).map(foundOf).find((found) => differing([found]) === rows);
  return unknown
    ? `Rows of one run differ in ${unknown.name}, a column of unknown meaning.`
    : "One run has several rows for the same object.";
}

const UNORDERED = /^(?:[^\d]*|[0-9a-f]{8}-[0-9a-f-]{27}|(?=.*[a-f])[0-9a-f]{7,64})$/i;

/** Random names, and names without a number, do not order runs. */
function areNamesUnordered(content: Content, column: Column): boolean {
  const found = content.columns.find(({ name }) => name === column.name)!;
  const names = new Set(filled(found));
  return column.shape === "text" && names.size > 1 &&
    [...names].every((name) => UNORDERED.test(name));
}

/** True when objects repeat while no column names or orders runs. */
export function isUnordered(
  content: Content,
  { run, group, dimensions }: { run: RunColumns; group: Column[]; dimensions: Column[] },
): boolean {
  if (run.time) return false;
  if (run.names.length > 0) return areNamesUnordered(content, run.names[0]!);
  const found = [...group, ...dimensions].map(({ name }) =>
    content.columns.find((column) => column.name === name)!
  );
  return new Set(keysOf(found, content.sampled)).size < content.sampled;
}
