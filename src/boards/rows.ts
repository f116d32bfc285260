import type { Column, Meaning } from "./columns.ts";
import { columnOf, groupLabel, type TableFacts, tableOf } from "./facts.ts";
import { cellMeasure, habitOf, type Measure } from "./measures.ts";
import { type Cell, type Panel, type Source, tablePanel } from "./panels.ts";
import { inRange, isCompared, ofNewest } from "./runs.ts";
import { cellOf, quoteName } from "./sql.ts";

/** Columns that fit side by side on a screen 1,920 pixels wide and can still be read. */
const MOST_COLUMNS = 14;

type Detail = { column: Column; title: string; expression: string; cell: Cell };

/** Which columns matter first on this board, and how many fit; `lead`: these, of rows of one run. */
export type Look = { first?: Measure[]; most?: number; lead?: readonly Meaning[] };

const WHO = ["platform", "design", "variant", "stage", "commit", "run"] as const;

/** Who and when, then what is known, then the rest as the table has it; empty numbers not at all. */
function detailColumns(facts: TableFacts, look: Look): Column[] {
  const time = facts.time?.column;
  const named = (meanings: readonly Meaning[]) =>
    meanings.map((meaning) => columnOf(facts.columns, meaning));
  const ofRun = [time, ...named(WHO)].filter((column) => column !== undefined);
  const head = (look.lead ? named(look.lead) : ofRun).filter((column) => column !== undefined);
  // What is the same in every row of a run stands last, where there is room.
  const last = look.lead ? ofRun.filter((column) => !head.includes(column)) : [];
  const rest = facts.columns.filter((column) =>
    !head.includes(column) && !last.includes(column) && !facts.empty.includes(column.name)
  );
  const wanted = (look.first ?? []).map(({ meaning }) => meaning);
  const rank = ({ meaning, shape }: Column) => {
    const at = meaning ? wanted.indexOf(meaning) : -1;
    return at >= 0 ? at : wanted.length + (meaning ? 0 : shape === "other" ? 2 : 1);
  };
  return [...head, ...rest.toSorted((a, b) => rank(a) - rank(b)), ...last]
    .slice(0, look.most ?? MOST_COLUMNS);
}

/** How each column stands in the table: under a readable title unless two would share it. */
function details(facts: TableFacts, look: Look): Detail[] {
  const columns = detailColumns(facts, look);
  const wanted = (column: Column) =>
    column.shape === "number" && habitOf(column)?.title || column.name;
  return columns.map((column) => {
    const same = columns.filter((other) => wanted(other) === wanted(column));
    const title = same.length > 1 ? column.name : wanted(column);
    if (column.shape !== "number") {
      const unit = column.shape === "time" ? "time:YYYY-MM-DD HH:mm" : undefined;
      return {
        column,
        title,
        expression: cellOf(column),
        cell: { name: title, ...(unit && { unit }) },
      };
    }
    const habit = habitOf(column);
    const { expression, unit } = cellMeasure(facts, column);
    const cell: Cell = { name: title, unit };
    if (habit?.decimals !== undefined) cell.decimals = habit.decimals;
    if (habit?.good) cell.good = habit.good;
    return { column, title, expression, cell };
  });
}

type Choice = {
  title: string;
  about: string;
  where?: (string | undefined)[];
  order: string;
  most: number;
};

function rowsPanel(source: Source, choice: Choice, look: Look): Panel {
  const from = tableOf(source.facts);
  const shown = details(source.facts, look);
  const list = shown.map(({ title, expression }) => `${expression} AS ${quoteName(title)}`);
  const given = (choice.where ?? []).filter((part) => part !== undefined);
  const where = given.length > 0 ? ` WHERE ${given.join(" AND ")}` : "";
  return tablePanel(source, {
    title: choice.title,
    about: choice.about,
    sql: `SELECT ${
      list.length > 0 ? list.join(", ") : `pg_catalog.count(*) AS "Rows"`
    } FROM ${from}${where}${
      choice.order && list.length > 0 ? ` ORDER BY ${choice.order}` : ""
    } LIMIT ${choice.most}`,
    cells: shown.map(({ cell }) => cell),
  });
}

/** Each design's newest run, the design that ran last first. */
export function newestRows(source: Source, look: Look = {}): Panel {
  const { facts } = source;
  const label = groupLabel(facts.group_columns);
  // One design: its history says more than its one newest row.
  const many = isCompared(facts) || facts.metrics.length > 0;
  if (!facts.time || !label || !many) return recentRows(source, look);
  const time = quoteName(facts.time.column.name);
  const place = tableOf(facts);
  const newest = `(SELECT ${label} AS "of", pg_catalog.max(${time}) AS "at" FROM ${place} WHERE ${
    inRange(facts)
  } GROUP BY 1)`;
  const iteration = columnOf(facts.columns, "iteration");
  const part = iteration && quoteName(iteration.name);
  const last = part && `(${label}, ${time}, ${part}) IN (SELECT ${label}, ${time}, ` +
      `pg_catalog.max(${part}) FROM ${place} WHERE ${inRange(facts)} GROUP BY 1, 2)`;
  return rowsPanel(source, {
    title: isCompared(facts) ? "Newest result of each design" : "Newest run",
    about: `${isCompared(facts) ? "Each design's newest run" : "Its rows"}${
      iteration ? ", its last iteration" : ""
    }; the design that ran last first; at most 200 rows.`,
    where: [`(${label}, ${time}) IN ${newest}`, last],
    order: `${time} DESC, ${label}`,
    most: 200,
  }, look);
}

/** The newest rows, or the first ones of a table without time. */
export function recentRows(source: Source, look: Look = {}): Panel {
  const { facts } = source;
  const time = facts.time && quoteName(facts.time.column.name);
  return rowsPanel(source, {
    title: time ? "Newest rows" : "Rows",
    about: time ? "The newest 100 rows." : "The first 100 rows, in no order of ours.",
    where: [inRange(facts)],
    order: time ? `${time} DESC` : "",
    most: 100,
  }, look);
}

const PATH = [
  "platform",
  "design",
  "slack",
  "startpoint",
  "endpoint",
  "path_group",
  "corner",
] as const;
const VIOLATION = ["platform", "design", "rule", "layer", "category"] as const;

/** The newest run's rows with the lowest value first: the worst paths. */
export function worstRows(source: Source, measure: Measure, what: string, look: Look = {}): Panel {
  const { facts } = source;
  return rowsPanel(source, {
    title: `Worst ${what}`,
    about: `The newest run's 50 ${what} with the least slack.`,
    where: [ofNewest(facts), measure.where],
    order: `${measure.expression} ASC NULLS LAST`,
    most: 50,
  }, { ...look, lead: PATH });
}

/** Rows of the newest run, at most 200. */
export function rowsOfNewest(source: Source, what: string): Panel {
  return rowsPanel(source, {
    title: `${what} of the newest run`,
    about: "At most 200 rows.",
    where: [ofNewest(source.facts)],
    order: "",
    most: 200,
  }, { lead: VIOLATION });
}
