import type { Column } from "../columns.ts";
import { epochOf } from "../names/cells.ts";
import type { Content } from "./content.ts";
import type { Corrections } from "./correction.ts";
import { DIMENSIONS, GROUP } from "./dimensions.ts";

/** A part of a correction that does not fit the table; `path` is its place in the correction. */
export type Fault = { path: string; message: string };

export type Parts = {
  columns: Column[];
  run?: CorrectedRun;
  group?: Column[];
  dimensions?: Column[];
  faults: Fault[];
};

/** `time` undefined: automatic; null: order runs by name. */
export type CorrectedRun = { names: Column[]; time?: Column | null };

export const unknownColumn = (name: string) => `There is no column "${name}".`;

type Role = "run" | "group" | "dimensions" | "ignored";

/** Resolves a correction against the table; parts with a fault stay automatic. */
export function correctedParts(
  whole: Content,
  content: Content,
  columns: Column[],
  correction: Corrections,
): Parts {
  const { run, group, dimensions, also } = correction;
  const faults = faultsOf(whole, correction);
  const isSound = (role: string) =>
    !faults.some(({ path }) => path === role || path.startsWith(`${role}.`));
  const named = {
    run: run && isSound("run") ? run.columns : undefined,
    group: group && isSound("group") ? group : undefined,
    dimensions: dimensions && isSound("dimensions") ? dimensions : undefined,
  };
  const keeps = (column: Column) => keepsMeaning(column, named, also.dimensions);
  const read = columns.map((column): Column => {
    const { meaning: own, ...rest } = column;
    const meaning = correction.meanings[column.name] ?? (keeps(column) ? own : undefined);
    return { ...rest, ...(meaning && { meaning }) };
  });
  const find = (names: string[]) =>
    names.flatMap((name) => read.find((column) => column.name === name) ?? []);
  const order = run && named.run && orderOf(content, read, correction);
  if (order?.fault) faults.push(order.fault);
  return {
    columns: read.map((column) => column.name === order?.time?.name ? order.time : column),
    ...(named.group && { group: find(named.group) }),
    ...(named.dimensions && { dimensions: find(named.dimensions) }),
    ...(order && !order.fault && { run: runOf(find(named.run!), order) }),
    faults,
  };
}

type Named = Partial<Record<"run" | "group" | "dimensions", string[] | undefined>>;

function keepsMeaning({ name, meaning }: Column, named: Named, also: string[]): boolean {
  if (!meaning) return true;
  if (named.run?.includes(name)) return meaning === "run" || meaning === "time";
  if (named.group?.includes(name)) return GROUP.includes(meaning);
  if (named.dimensions?.includes(name)) return DIMENSIONS.includes(meaning);
  // Corrected dimensions do not affect metric names and coordinates.
  const stays = ["metric", "x", "y"].includes(meaning) || !DIMENSIONS.includes(meaning);
  return named.dimensions === undefined || stays || also.includes(name);
}

/** A run identified only by its time has no name. */
function runOf(columns: Column[], { time }: Order): CorrectedRun {
  const isTime = columns.length === 1 && columns[0]!.name === time?.name;
  return { names: isTime ? [] : columns, ...(time !== undefined && { time }) };
}

type Order = { time?: Column | null; fault?: Fault };

function orderOf(content: Content, columns: Column[], { run }: Corrections): Order {
  const { columns: named, order_by } = run!;
  if (order_by === undefined) return {};
  if (order_by === null) return { time: null };
  const path = "run.order_by";
  const column = columns.find(({ name }) => name === order_by);
  if (!column) return { fault: { path, message: unknownColumn(order_by) } };
  if (column.shape === "time") return { time: column };
  const { least, most } = content.columns.find(({ name }) => name === order_by)!;
  const epoch = column.shape === "number" && least !== null && most !== null &&
    epochOf(least, most);
  if (epoch) return { time: { ...column, shape: "time", form: epoch } };
  if (named.includes(order_by)) return { time: null };
  return { fault: { path, message: `Column "${order_by}" has no times.` } };
}

function faultsOf({ columns }: Content, correction: Corrections): Fault[] {
  const { run, group, dimensions } = correction;
  const lists: [Role, string, string[]][] = [
    ["run", "run.columns", run?.columns ?? []],
    ["group", "group", group ?? []],
    ["dimensions", "dimensions", dimensions ?? []],
    ["ignored", "ignored", correction.ignored ?? []],
  ];
  const has = new Set(columns.map(({ name }) => name));
  return lists.flatMap(([role, path, names]) =>
    names.flatMap((name, i): Fault[] => {
      const at = `${path}.${i}`;
      const other = lists.find(([one, , others]) => one !== role && others.includes(name));
      if (other) return [{ path: at, message: `"${name}" is also listed in "${other[0]}".` }];
      return has.has(name) ? [] : [{ path: at, message: unknownColumn(name) }];
    })
  );
}
