import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { z } from "zod";
import { groupLabel, type TableFacts, tableOf } from "../measures/facts.ts";
import type { DataSource } from "./query_builder.ts";
import { quoteName, timeOf } from "../measures/sql.ts";

type Dashboard = dashboard.Dashboard;

/** Grafana and the built-in board both expand these to text constants. */
const DESIGN = "${design:sqlstring}";
const RUN = "${run:sqlstring}";
/** "All" expands to '', a value that no design has. */
const ALL = { text: "All", value: "$__all", sql: "''" };
const NEWEST = "newest";
const MOST_CHOICES = 500;

const hasDesigns = ({ groups }: TableFacts) => groups.count > 1;
const hasRuns = ({ time, runs }: TableFacts) => time !== undefined && runs > 1;

/** SQL; undefined on a board without the variable. */
export function ofDesign(facts: TableFacts): string | undefined {
  if (!hasDesigns(facts)) return undefined;
  // For '' IN ('') the planner drops the condition: "All" costs nothing.
  return `('' IN (${DESIGN}) OR ${groupLabel(facts.group_columns)} IN (${DESIGN}))`;
}

/** SQL: limits to these designs until one is chosen. `names` are text constants. */
export function unlessChosen(facts: TableFacts, names: string[]): string {
  return `('' NOT IN (${DESIGN}) OR ${groupLabel(facts.group_columns)} IN (${names.join(", ")}))`;
}

/** SQL; undefined on a board without the variable. */
export function upToRun(facts: TableFacts): string | undefined {
  if (!facts.time || !hasRuns(facts)) return undefined;
  const run = `(CASE ${RUN} WHEN '${NEWEST}' THEN 'infinity' ELSE ${RUN} END)`;
  return `(${RUN} = '${NEWEST}' OR ${timeOf(facts.time.column)} <= ${run}::pg_catalog.timestamptz)`;
}

/** The design, and the run that counts as the newest. */
export function boardVariables(facts: TableFacts, datasource: DataSource) {
  return [
    ...(hasDesigns(facts) ? [designVariable(facts, datasource)] : []),
    ...(facts.time && hasRuns(facts) ? [runVariable(facts, facts.time, datasource)] : []),
  ];
}

function variable(name: string, label: string, sql: string, datasource: DataSource) {
  return new dashboard.QueryVariableBuilder(name).label(label).datasource(datasource)
    .query(sql).definition(sql)
    .refresh(dashboard.VariableRefresh.OnDashboardLoad)
    .sort(dashboard.VariableSort.Disabled);
}

function designVariable(facts: TableFacts, datasource: DataSource) {
  const sql = `SELECT DISTINCT ${groupLabel(facts.group_columns)} AS "__text" ` +
    `FROM ${tableOf(facts)} ORDER BY 1 LIMIT ${MOST_CHOICES}`;
  return variable("design", "Design", sql, datasource)
    .includeAll(true).allValue(ALL.sql)
    .current({ selected: true, text: ALL.text, value: ALL.value });
}

function runVariable(
  facts: TableFacts,
  { column }: { column: TableFacts["columns"][number] },
  datasource: DataSource,
) {
  const time = timeOf(column);
  const written = (format: string) => `pg_catalog.to_char("at" AT TIME ZONE 'UTC', '${format}')`;
  const times = `SELECT DISTINCT ${time} AS "at" FROM ${tableOf(facts)} ` +
    `WHERE ${
      quoteName(column.name)
    } BETWEEN '1900-01-02' AND '9999-12-30' ORDER BY 1 DESC LIMIT ${MOST_CHOICES}`;
  const sql = `SELECT '${NEWEST}' AS "__text", '${NEWEST}' AS "__value" UNION ALL ` +
    `(SELECT ${written("YYYY-MM-DD HH24:MI:SS")}, ${
      written('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    } FROM (${times}) r)`;
  return variable("run", "As of run", sql, datasource)
    .current({ selected: true, text: NEWEST, value: NEWEST });
}

export const Value = z.union([z.string().max(1000), z.number(), z.boolean()]);
/** By variable; a list for multi-value variables. */
export const Chosen = z.record(z.string(), z.union([Value, z.array(Value).max(MOST_CHOICES)]));
export type Chosen = z.infer<typeof Chosen>;
export const Question = z.union([
  z.object({ panel_id: z.int(), variables: Chosen.default({}) }),
  z.object({ variable: z.string() }),
], "The body must be `{panel_id, variables}` or `{variable}`.");
export type Question = z.infer<typeof Question>;

type Stored = NonNullable<NonNullable<Dashboard["templating"]>["list"]>[number];

function chosen({ name, current, allValue }: Stored, given: Chosen): string {
  const own = current?.value ?? "";
  const picked = Object.hasOwn(given, name) ? given[name]! : own;
  // A default list comes back from its select as one string.
  const value = String(picked) === String(own) ? own : picked;
  if (String(value) === ALL.value && allValue) return allValue;
  return [value].flat().map((one) => quoteConstant(String(one))).join(",");
}

/** E'' has the same meaning under every setting of standard_conforming_strings. */
function quoteConstant(text: string): string {
  return `E'${text.replaceAll("\0", "").replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** Fills in the choices as Grafana does: `given` by name, else the board's defaults; unknown names stay. */
export function fillVariables(
  sql: string,
  board: Dashboard,
  given: Chosen,
): string {
  const list = board.templating?.list ?? [];
  return sql.replace(/\$\{(\w+):sqlstring\}/g, (written, name) => {
    const variable = list.find((variable) => variable.name === name);
    return variable ? chosen(variable, given) : written;
  });
}

/** The SQL that lists the choices; undefined for an unknown variable. */
export function choicesOf(board: Dashboard, name: string): string | undefined {
  const query = board.templating?.list?.find((variable) => variable.name === name)?.query;
  return typeof query === "string" ? query : undefined;
}
