import type { Column, Meaning } from "../measures/columns.ts";
import { columnOf, groupLabel, type TableFacts, tableOf } from "../measures/facts.ts";
import { deltaMeasure } from "./delta.ts";
import { defaultsOf, type Measure } from "../measures/measure.ts";
import { cellMeasure } from "../measures/measures.ts";
import type { Panel, Source } from "./panels.ts";
import { areComparable, asOf, isCompared, ofNewest } from "./runs.ts";
import { cellOf, conditions, quoteName, timeOf } from "../measures/sql.ts";
import { type Cell, tablePanel } from "./tables.ts";

/** Readable at a width of 1,920 px. */
const MOST_COLUMNS = 14;

type Detail = { column: Column; title: string; expression: string; cell: Cell };

/** `first`: preferred columns; `lead`: leading columns of a single run; `changes`: columns with a delta beside them. */
export type RowOptions = {
  first?: Measure[];
  most?: number;
  lead?: readonly Meaning[];
  changes?: readonly Meaning[];
};

const WHO = ["platform", "design", "variant", "stage", "commit"] as const;
/** Shown even when all rows have the same value. */
const ALWAYS = ["platform", "design", "commit"];

/** Run columns, then known ones, then the rest in table order; empty number columns are dropped. */
function detailColumns(facts: TableFacts, options: RowOptions): Column[] {
  const time = facts.time?.column;
  const isSame = ({ name }: Column) => facts.rows > 1 && facts.distinct[name] === 1;
  const named = (meanings: readonly Meaning[]) =>
    meanings.map((meaning) => columnOf(facts.columns, meaning))
      .filter((column) => column && (ALWAYS.includes(column.meaning!) || !isSame(column)));
  const ofRun = [time, ...named(WHO)].filter((column) => column !== undefined);
  const head = (options.lead ? named(options.lead) : ofRun).filter((column) =>
    column !== undefined
  );
  // Constant within the run: last, if there is room.
  const last = options.lead ? ofRun.filter((column) => !head.includes(column)) : [];
  const rest = facts.columns.filter((column) =>
    !head.includes(column) && !last.includes(column) && !facts.empty.includes(column.name)
  );
  const wanted = (options.first ?? []).map(({ meaning }) => meaning);
  const rank = (column: Column) => {
    const { meaning, shape } = column;
    const at = meaning ? wanted.indexOf(meaning) : -1;
    if (at >= 0) return at;
    // A constant column does not distinguish rows, nor does the run's name within one run.
    const same = isSame(column) || options.lead && (meaning === "run" || meaning === "path_type");
    return wanted.length + (same ? 3 : meaning ? 0 : shape === "other" ? 2 : 1);
  };
  return [...head, ...rest.toSorted((a, b) => rank(a) - rank(b)), ...last]
    .slice(0, options.most ?? MOST_COLUMNS);
}

/** Readable titles, except where two columns would share one. */
function details(facts: TableFacts, options: RowOptions): Detail[] {
  const columns = detailColumns(facts, options);
  const wanted = (column: Column) =>
    column.shape === "number" && defaultsOf(column)?.title || column.name;
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
    const defaults = defaultsOf(column);
    const { expression, unit, decimals = defaults?.decimals } = cellMeasure(facts, column);
    const cell: Cell = { name: title, unit };
    if (decimals !== undefined) cell.decimals = decimals;
    if (defaults?.good) cell.good = defaults.good;
    return { column, title, expression, cell };
  });
}

type Choice = {
  title: string;
  about: string;
  where: (string | undefined)[];
  order: string;
  most: number;
};

function rowsPanel(source: Source, choice: Choice, shown: Detail[]): Panel {
  const list = shown.map(({ title, expression }) => `${expression} AS ${quoteName(title)}`);
  const order = choice.order && list.length > 0 ? ` ORDER BY ${choice.order}` : "";
  return tablePanel(source, {
    title: choice.title,
    about: choice.about,
    sql: `SELECT ${list.length > 0 ? list.join(", ") : `pg_catalog.count(*) AS "Rows"`} FROM ${
      tableOf(source.facts)
    }${conditions(choice.where)}${order} LIMIT ${choice.most}`,
    cells: shown.map(({ cell }) => cell),
  });
}

function withDeltas(facts: TableFacts, shown: Detail[], { changes = [] }: RowOptions): Detail[] {
  return shown.flatMap((detail) => {
    const { column, title, expression, cell } = detail;
    const { meaning, shape } = column;
    // A runtime may be text: `0:13:42.36`.
    if (!meaning || shape !== "number" || !changes.includes(meaning)) return [detail];
    const change = deltaMeasure(facts, meaning, expression, cell);
    const name = `Δ ${title}`;
    return [detail, { column, title: name, ...change, cell: { ...change.cell, name } }];
  });
}

/** Computes deltas over all rows before it selects the rows to show. */
function deltasPanel(source: Source, choice: Choice, shown: Detail[], newest: boolean): Panel {
  const { facts } = source;
  const time = timeOf(facts.time!.column);
  const label = groupLabel(facts.group_columns) ?? "''";
  const list = shown.map(({ expression }, i) => `${expression} AS "c${i}"`);
  const rows = `SELECT ${list.join(", ")}, ${time} AS "at", ${label} AS "of", ` +
    `pg_catalog.max(${time}) OVER (PARTITION BY ${label}) AS "last" FROM ${tableOf(facts)}${
      conditions(choice.where)
    }`;
  const titles = shown.map(({ title }, i) => `"c${i}" AS ${quoteName(title)}`);
  return tablePanel(source, {
    title: choice.title,
    about: `${choice.about} Δ: the change since the previous run.`,
    sql: `SELECT ${titles.join(", ")} FROM (${rows}) r${
      newest ? ` WHERE "at" = "last"` : ""
    } ORDER BY "at" DESC, "of" LIMIT ${choice.most}`,
    cells: shown.map(({ cell }) => cell),
  });
}

/** Sorting more rows for deltas takes over a second. */
const MOST_CHANGED = 200_000;

/** With one row per run, the previous row is the previous run. */
function hasDeltas({ time, rows, metrics, columns }: TableFacts): boolean {
  return time !== undefined && rows <= MOST_CHANGED && metrics.length === 0 &&
    !columnOf(columns, "iteration");
}

export function newestRows(source: Source, options: RowOptions = {}): Panel {
  const { facts } = source;
  const label = groupLabel(facts.group_columns);
  // With a single design, its history is more useful than its newest row.
  const each = areComparable(facts) || facts.metrics.length > 0 && !isCompared(facts);
  if (!facts.time || !label || !each) return recentRows(source, options);
  const time = timeOf(facts.time.column);
  const iteration = columnOf(facts.columns, "iteration");
  const part = iteration && quoteName(iteration.name);
  const last = part && `(${label}, ${time}, ${part}) IN (SELECT ${label}, ${time}, ` +
      `pg_catalog.max(${part}) FROM ${tableOf(facts)}${conditions(asOf(facts))} GROUP BY 1, 2)`;
  const choice = {
    title: isCompared(facts) ? "Newest result of each design" : "Newest run",
    about: `${isCompared(facts) ? "Each design's newest run" : "Its rows"}${
      iteration ? ", its last iteration" : ""
    }; the design that ran last first; at most 200 rows.`,
    order: `${time} DESC, ${label}`,
    most: 200,
  };
  const shown = details(facts, options);
  return hasDeltas(facts)
    ? deltasPanel(
      source,
      { ...choice, where: asOf(facts) },
      withDeltas(facts, shown, options),
      true,
    )
    : rowsPanel(source, { ...choice, where: [...ofNewest(facts), last] }, shown);
}

function recentRows(source: Source, options: RowOptions = {}): Panel {
  const { facts } = source;
  const time = facts.time && timeOf(facts.time.column);
  const worst = options.first?.find(({ good, where }) => good && !where);
  const choice = {
    title: time ? "Newest rows" : "Rows",
    about: time
      ? "The newest 100 rows."
      : worst
      ? `The 100 rows with the worst ${worst.title}, worst first.`
      : "100 rows in no particular order.",
    where: asOf(facts),
    order: time
      ? `${time} DESC`
      : worst
      ? `${worst.expression} ${worst.rows === "min" ? "ASC" : "DESC"} NULLS LAST`
      : "",
    most: 100,
  };
  const shown = details(facts, options);
  const failing = options.first?.find(({ meaning }) => meaning === "failing_tests");
  if (time && failing?.objects) {
    return rowsPanel(source, {
      ...choice,
      title: "Tests of the newest run",
      about: "Failing tests first; at most 100.",
      where: ofNewest(facts),
      order: `${failing.expression} DESC`,
    }, shown);
  }
  return hasDeltas(facts) && options.changes
    ? deltasPanel(source, choice, withDeltas(facts, shown, options), false)
    : rowsPanel(source, choice, shown);
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

export function worstRows(
  source: Source,
  measure: Measure,
  what: string,
  options: RowOptions = {},
): Panel {
  const { facts } = source;
  return rowsPanel(source, {
    title: `Worst ${what}`,
    about: `The newest run's 50 ${what} with the lowest slack.`,
    where: [...ofNewest(facts), measure.where],
    order: `${measure.expression} ASC NULLS LAST`,
    most: 50,
  }, details(facts, { ...options, lead: PATH }));
}

/** The newest run's violations after its last iteration, most frequent first. */
export function rowsOfNewest(source: Source, total: Measure, most = MOST_COLUMNS): Panel {
  const { facts } = source;
  const counted = total.expression !== "1";
  const label = groupLabel(facts.group_columns) ?? "''";
  const iteration = columnOf(facts.columns, "iteration");
  const part = iteration && quoteName(iteration.name);
  const rows = ofNewest(facts);
  const last = part &&
    `(${label}, ${part}) IN (SELECT ${label}, pg_catalog.max(${part}) FROM ${tableOf(facts)}${
      conditions(rows)
    } GROUP BY 1)`;
  return rowsPanel(source, {
    title: "Violations of the newest run",
    about: `${part ? "After the last iteration. " : ""}${
      counted ? "The most frequent first; at" : "At"
    } most 200 rows.`,
    where: [...rows, last, counted ? `${total.expression} > 0` : undefined],
    order: counted ? `${total.expression} DESC` : "",
    most: 200,
  }, details(facts, { lead: VIOLATION, most, first: [total] }));
}
