import { isAmbiguousDate } from "../names/cells.ts";
import { type Column, type Meaning, wordsOf } from "../columns.ts";
import { type Format, formatOf } from "../formats/formats.ts";
import type { NumberName } from "../number.ts";
import { readColumns } from "./columns.ts";
import { columnOf, rivalsOf } from "../names/choose.ts";
import { converted, symbolOf } from "../names/units.ts";
import { type Content, distinct, filled, type Found } from "./content.ts";
import { type Chosen, chosenMeasures, withChosen } from "./chosen.ts";
import { correctedIn, doubtsOfFaults, withoutIgnored } from "./corrected.ts";
import { type Correction, withComments } from "./correction.ts";
import { withMetrics } from "./metrics.ts";
import { repeatedIn } from "./order.ts";
import { correctedParts, type Fault, type Parts } from "./parts.ts";
import { DIMENSIONS, GROUP } from "./dimensions.ts";
import { type RunColumns, runColumns } from "./runs.ts";

/** How a table is read, derived only from its columns and a sample of its rows. */
export type Mapping = {
  format: Format | null;
  columns: Column[];
  /** All column names in table order, ignored ones included. */
  names: string[];
  run: RunColumns;
  group: Column[];
  dimensions: Column[];
  /** Corners or modes, else tools that check the same rules; the worst value counts. */
  corner?: Column;
  /** Rows that cover a whole run: `Total`, or the root of a hierarchy. */
  whole?: { column: Column; values: string[] };
  /** Rows of a stage `Total`: the runtime of all stages. */
  total_stage?: { column: Column; values: string[] };
  /** Slack columns that may store violations as positive numbers. */
  magnitudes: string[];
  /** Several columns of figures, one per path group: Innovus. */
  figures?: Column[];
  /** By meaning, a column with different values for the same number that was not chosen. */
  rivals: Partial<Record<Meaning, string>>;
  ignored: string[];
  doubts: string[];
  /** Why sums over rows are not reliable: several rows describe the same object. */
  repeated?: string;
  /** Sizes are listed per instance, and no row is known to be the root. */
  rootless?: true;
  chosen: Partial<Record<NumberName, Chosen>>;
  faults: Fault[];
  corrected: string[];
};

/** In a hierarchy, a design column that varies within a run is not the group. */
function groupColumns(columns: Column[], content: Content): Column[] {
  const instance = columnOf(columns, "instance");
  const design = columnOf(columns, "design");
  const valuesOf = ({ name }: Column) =>
    distinct(content.columns.find((column) => column.name === name)!);
  const isPart = instance && design &&
    (!/design|block|top/i.test(design.name) || valuesOf(design) > 1 &&
        valuesOf(design) > valuesOf(instance) / 2);
  return GROUP.flatMap((meaning) =>
    isPart && meaning === "design" ? [] : columnOf(columns, meaning) ?? []
  );
}

const TOTAL = /^\s*(?:grand |sub)?(?:totals?|all|overall|sum|whole)\s*:?\s*$/i;

const isOver = (root: string, name: string) =>
  name.length > root.length && name.startsWith(root) && /^[/.|]/.test(name.slice(root.length));

/** True for totals and for roots of all instances. */
const isOverAll = (roots: string[], found: Found) =>
  roots.some((root) => TOTAL.test(root)) ||
  roots.length > 0 &&
    filled(found).every((name) => roots.some((root) => root === name || isOver(root, name)));

function wholeIn(column: Column, found: Found): string[] {
  const values = [...new Set(filled(found))];
  const total = values.filter((value) => TOTAL.test(value));
  if (total.length > 0 || column.meaning !== "instance") return total;
  const roots = values.filter((value) => !values.some((other) => isOver(other, value)));
  return roots.filter((root) => values.some((name) => isOver(root, name)));
}

/** In a flat table, an instance `top` of module `top` is the root. */
function rootIn(column: Column, found: Found, content: Content): string[] {
  if (column.meaning !== "instance") return [];
  const others = content.columns.filter((other) => other.shape === "text" && other !== found);
  const roots = found.values.filter((value, row) =>
    value !== null && others.some(({ values }) => values[row] === value)
  );
  const names = [...new Set(roots.filter((root) => root !== null))];
  return names.length === 1 ? names : [];
}

function wholeIfAny(
  content: Content,
  dimensions: Column[],
): Pick<Mapping, "whole" | "rootless" | "total_stage"> {
  const whole = wholeOf(content, dimensions);
  const stage = totalStage(content, dimensions);
  if (whole) return { whole, ...stage };
  return isRootless(content, dimensions) ? { rootless: true, ...stage } : stage;
}

function isRootless(content: Content, dimensions: Column[]): boolean {
  const instance = columnOf(dimensions, "instance");
  if (!instance) return false;
  const found = content.columns.find(({ name }) => name === instance.name)!;
  const values = [...new Set(filled(found))];
  return values.length > 1 && !values.some((value) => /[/.|]/.test(value));
}

function wholeOf(content: Content, dimensions: Column[]): Mapping["whole"] {
  const parts: Meaning[] = [
    "path_group",
    "rule",
    "layer",
    "instance",
    "cell",
    "category",
    "site_type",
    "corner",
    "test",
  ];
  for (const column of dimensions.filter(({ meaning }) => parts.includes(meaning!))) {
    const found = content.columns.find(({ name }) => name === column.name)!;
    const over = wholeIn(column, found);
    const named = isOverAll(over, found) ? [] : rootIn(column, found, content);
    const roots = named.length > 0 ? named : over;
    if (roots.length > 0) return { column, values: roots };
  }
  return undefined;
}

function totalStage(content: Content, dimensions: Column[]): Pick<Mapping, "total_stage"> {
  const column = columnOf(dimensions, "stage");
  if (!column) return {};
  const values = wholeIn(column, content.columns.find(({ name }) => name === column.name)!);
  return values.length > 0 ? { total_stage: { column, values } } : {};
}

/** Design Compiler prints violations as positive numbers: a TNS that is only ever above 0. */
function magnitudesIn(content: Content, columns: Column[]): string[] {
  const isPositive = ({ name }: Column) => {
    const values = filled(content.columns.find((column) => column.name === name)!).map(Number)
      .filter(Number.isFinite);
    return values.some((value) => value > 0) && values.every((value) => value >= 0);
  };
  return (["setup", "hold"] as const).flatMap((check) => {
    const own = columns.filter(({ meaning }) =>
      meaning === `${check}_wns` || meaning === `${check}_tns`
    );
    const isSized = own.some((column) => column.meaning!.endsWith("tns") && isPositive(column));
    return isSized ? own.filter(isPositive).map(({ name }) => name) : [];
  });
}

function doubtsOf(content: Content, { names, time }: RunColumns): string[] {
  if (time?.form !== "dmy" || names.length > 0) return [];
  const found = content.columns.find(({ name }) => name === time.name)!;
  return isAmbiguousDate(filled(found))
    ? [`Dates in ${time.name} are ambiguous and read as day/month.`]
    : [];
}

const KEY: Meaning[] = [
  "setup_wns",
  "setup_tns",
  "hold_wns",
  "hold_tns",
  "area",
  "power",
  "utilization",
];

function rivalsIn(content: Content, columns: Column[]): Mapping["rivals"] {
  const valuesOf = (column: Column, { unit }: Column) => {
    const { values } = content.columns.find(({ name }) => name === column.name)!;
    const [own, other] = [symbolOf(column), unit ? symbolOf({ unit }) : null];
    return JSON.stringify(
      own && other && own !== other && column.unit !== unit
        ? values.map((value) =>
          value === null ? null : String(converted(Number(value), own, other) ?? value)
        )
        : values,
    );
  };
  const numbers = columns.filter(({ shape }) => shape === "number");
  const claims = KEY.flatMap((meaning) => {
    const chosen = columnOf(numbers, meaning);
    if (!chosen) return [];
    const rivals = rivalsOf(numbers, chosen).filter((other) =>
      converted(1, symbolOf(other), symbolOf(chosen)) !== undefined &&
      valuesOf(other, chosen) !== valuesOf(chosen, chosen)
    );
    return rivals.length > 0 ? [[meaning, rivals.map(({ name }) => name).join(" and ")]] : [];
  });
  return Object.fromEntries(claims);
}

function doubtfulIn(content: Content, columns: Column[]): Pick<Mapping, "magnitudes" | "rivals"> {
  return { magnitudes: magnitudesIn(content, columns), rivals: rivalsIn(content, columns) };
}

/** Total area counts as the area only when it equals the sum of the other areas. */
function withTotalArea(content: Content, columns: Column[]): Column[] {
  const areas = columns.filter(({ name, shape }) =>
    shape === "number" && wordsOf(name).includes("area")
  );
  const total = areas.find(({ name, meaning }) => meaning && wordsOf(name).includes("total"));
  const cells = areas.find((column) => column !== total && column.meaning === "area");
  if (!total || !cells) return columns;
  const rowsOf = ({ name }: Column) =>
    content.columns.find((column) => column.name === name)!.values.map(Number);
  const [whole, parts] = [rowsOf(total), areas.filter((area) => area !== total).map(rowsOf)];
  const isSum = parts.length > 1 && whole.every((value, row) => {
    const sum = parts.reduce((all, values) => all + values[row]!, 0);
    return Math.abs(sum - value) <= 1e-9 * Math.abs(value);
  });
  const dropped = isSum ? cells : total;
  return columns.map((column) => {
    const { meaning: _, ...rest } = column;
    return column === dropped || column.meaning === "area" && column !== total && isSum
      ? rest
      : column;
  });
}

const RULE =
  /^(?:m|met|metal|li|via|v|poly|po|od|co|cont|nw|pw|well|diff|mcon|tap|rdl|ap)\d*(?:[._ ]|$)/i;

/** One column per rule: the total is their sum. */
function withRuleColumns(content: Content, columns: Column[]): Column[] {
  if (columns.some(({ meaning }) => meaning === "drc_total" || meaning === "rule")) return columns;
  const counts = columns.filter(({ name, shape, meaning }) => {
    const { values } = content.columns.find((column) => column.name === name)!;
    return shape === "number" && !meaning && RULE.test(name) &&
      values.every((value) => value === null || /^\d+$/.test(value));
  });
  const total = columns.find(({ meaning }) => meaning === "count");
  if (counts.length < 3) return columns;
  if (total) return columns.map((c) => c === total ? { ...c, meaning: "drc_total" } : c);
  return [...columns, { ...counts[0]!, meaning: "drc_total", sum: counts }];
}

function unusedOf(mapping: Omit<Mapping, "ignored" | "doubts" | "corrected">): string[] {
  const { columns, run, group, dimensions, chosen } = mapping;
  const named = [...run.names, ...group, ...dimensions, ...Object.values(chosen)]
    .map((one) => "column" in one ? one.column?.name : one.name)
    .concat(columns.flatMap(({ spelled = [] }) => spelled.map(({ name }) => name)));
  return columns.filter(({ name, meaning, shape }) =>
    !meaning && shape !== "time" && !named.includes(name)
  ).map(({ name }) => name);
}

function rolesIn(content: Content, columns: Column[], parts: Parts, also: string[]) {
  const taken = [...parts.run?.names ?? [], ...parts.group ?? [], ...parts.dimensions ?? []];
  const free = columns.filter((column) => !taken.includes(column));
  const dimensions = parts.dimensions ?? [
    ...DIMENSIONS.flatMap((meaning) => columnOf(free, meaning) ?? []),
    ...columns.filter(({ name }) => also.includes(name)),
  ];
  return { group: parts.group ?? groupColumns(free, content), dimensions };
}

/** Precedence: a person's correction, comments, known format, vocabulary. Independent of column and row order. */
export function mappingOf(whole: Content, person: Correction = {}): Mapping {
  const correction = withComments(whole, person);
  const content = withoutIgnored(whole, correction);
  const format = formatOf(whole.columns.map(({ name }) => name));
  const automatic = readColumns(content);
  const known = withTotalArea(content, format ? format.read(automatic) : automatic);
  const read = withMetrics(content, withRuleColumns(content, known));
  const parts = correctedParts(whole, content, read.columns, correction);
  const chosen = chosenMeasures(whole, parts.columns, correction.measures ?? []);
  const columns = withChosen(parts.columns, chosen);
  const { group, dimensions } = rolesIn(content, columns, parts, correction.also.dimensions);
  const own = runColumns(content, columns, [...group, ...dimensions]);
  const { names = own.names, time = own.time } = parts.run ?? {};
  const run = { names, ...(time && { time }) };
  const corner = columnOf(dimensions, "corner") ??
    (columnOf(dimensions, "test") ? undefined : columnOf(dimensions, "tool"));
  const repeated = repeatedIn(content, columns, run, [...group, ...dimensions]);
  const found = {
    format,
    columns,
    names: whole.columns.map(({ name }) => name),
    run,
    group,
    dimensions,
    ...(corner && { corner }),
    ...wholeIfAny(content, dimensions),
    ...(read.figures && { figures: read.figures }),
    ...doubtfulIn(content, columns),
    ...(repeated && { repeated }),
    chosen,
    faults: parts.faults,
  };
  return {
    ...found,
    ignored: correction.ignored ??
      [...unusedOf(found), ...correction.also.ignored],
    doubts: [...doubtsOfFaults(parts.faults), ...doubtsOf(content, run)],
    corrected: correctedIn(correction, chosen),
  };
}
