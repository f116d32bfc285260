import type { Issue } from "../../errors.ts";
import type { Described } from "../../measures/describe.ts";
import { Correction } from "../../measures/mapping/correction.ts";
import type { Reading } from "./mapping.ts";

/** Field names: `role:COLUMN`, `column:NUMBER`, `metric:NUMBER`, `unit:NUMBER`. */
export type Fields = Record<string, string>;
export type Filled = { change: Correction; issues: Issue[] };

/** "run order": the column both identifies and orders runs. */
export type Role = "" | "run" | "order" | "run order" | "group" | "dimension" | "ignored";

export function roleOf({ mapping, dropped }: Reading, column: string): Role {
  const { run, group, dimensions } = mapping;
  const is_run = run.columns.includes(column);
  if (run.order_by === column) return is_run ? "run order" : "order";
  if (is_run) return "run";
  if (group.includes(column)) return "group";
  if (dimensions.includes(column)) return "dimension";
  return dropped.includes(column) ? "ignored" : "";
}

const isSame = (a: string[], b: string[]) =>
  JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());

/** The changes that the form makes to the current mapping, and their issues. */
export function readForm(fields: Fields, reading: Reading): Filled {
  const { mapping, columns, dropped } = reading;
  const roles = columns.map((column) =>
    [column, (fields[`role:${column}`] ?? roleOf(reading, column)) as Role] as const
  );
  const having = (...wanted: Role[]) =>
    roles.filter(([, role]) => wanted.includes(role)).map(([column]) => column);
  const [run, orders] = [having("run", "run order"), having("order", "run order")];
  if (orders.length > 1) {
    const message = "Only one column can be the time of the run.";
    const run = { columns: [], order_by: orders[1]! };
    return { change: { run }, issues: [{ path: "run.order_by", message }] };
  }
  const order_by = orders[0] ?? null;
  const [group, dimensions, ignored] = [having("group"), having("dimension"), having("ignored")];
  const measures = measuresIn(fields, mapping);
  const change = {
    ...(!isSame(run, mapping.run.columns) || order_by !== mapping.run.order_by
      ? { run: { columns: run, order_by } }
      : {}),
    ...(isSame(group, mapping.group) ? {} : { group }),
    ...(isSame(dimensions, mapping.dimensions) ? {} : { dimensions }),
    ...(isSame(ignored, dropped) ? {} : { ignored }),
    ...(measures.length > 0 ? { measures: measures.map(({ key: _, ...one }) => one) } : {}),
  };
  const checked = Correction.safeParse(change);
  const issues = checked.error?.issues ?? [];
  return {
    change: change as Correction,
    issues: issues.map(({ path, message }) => ({ path: path.join("."), message })),
  };
}

type Line = NonNullable<Correction["measures"]>[number] & { key: string };

/** Changed rows of the form; the row "new" has its own field for the number. */
function measuresIn(fields: Fields, { measures }: Described): Line[] {
  const typed = (name: string) => fields[name]?.trim() ?? "";
  const lines = [...measures.map(({ name }): [string, string] => [name, name])];
  if (fields["name:new"]) lines.push(["new", typed("name:new")]);
  return lines.flatMap(([key, name]): Line[] => {
    const now = measures.find((one) => one.name === name);
    const column = fields[`column:${key}`] ?? now?.column ?? "";
    const metric = fields[`metric:${key}`] === undefined
      ? now?.metric ?? ""
      : typed(`metric:${key}`);
    const unit = fields[`unit:${key}`] === undefined ? now?.unit ?? "" : typed(`unit:${key}`);
    const is_same = now && column === (now.column ?? "") && metric === (now.metric ?? "") &&
      unit === (now.unit ?? "");
    if (is_same) return [];
    return [{
      key,
      name: name as Line["name"],
      column: column || null,
      ...(column && metric && { metric }),
      ...(column && unit && { unit }),
    }];
  });
}

/** Maps issues to form fields; "" is the form itself. */
export function faultsIn(issues: Issue[], fields: Fields, change: Correction): Issue[] {
  return issues.map(({ path, message }) => ({ path: fieldOf(path, fields, change), message }));
}

function fieldOf(path: string, fields: Fields, change: Correction): string {
  const [part, at, field] = path.split(".");
  const { run, measures } = change;
  if (part === "measures" && at !== undefined) {
    const name = measures?.[Number(at)]?.name ?? "";
    const key = fields["name:new"]?.trim() === name ? "new" : name;
    return `${field ?? "column"}:${key}`;
  }
  if (path === "run.order_by") return `role:${run?.order_by}`;
  const names = part === "run"
    ? run?.columns
    : part === "group" || part === "dimensions" || part === "ignored"
    ? change[part]
    : undefined;
  const column = names?.[Number(path.split(".").at(-1))];
  return column === undefined ? "" : `role:${column}`;
}
