import type { Issue } from "../errors.ts";
import {
  isObject,
  type JsonObject,
  listOf,
  panelsIn,
  type Path,
  targetsOf,
  textsIn,
} from "./json.ts";
import { shapeIssues } from "./shape.ts";
import { faultOfQuery } from "./sql.ts";

/** `issues` refuse a template, `warnings` do not. */
export type Findings = { issues: Issue[]; warnings: Issue[] };

const DRAWN = new Set([
  "barchart",
  "bargauge",
  "heatmap",
  "histogram",
  "row",
  "stat",
  "state-timeline",
  "table",
  "timeseries",
  "xychart",
]);
/** Each panel costs a query when the board is opened. */
const MOST_PANELS = 100;
const MOST_QUERY = 100_000;

export const issueAt = (path: Path, message: string): Issue => ({ path: path.join("."), message });

/** What PostgreSQL cannot store as JSON: a NUL, or half of a character. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes("\0");

/** Checks a template from cleanExport() without a database. */
export function checkTemplate(dashboard: JsonObject): Findings {
  const found: Findings = { issues: [], warnings: [] };
  const refuse = (path: Path, message: string) => found.issues.push(issueAt(path, message));
  const panels = panelsIn(dashboard);
  if (panels.length === 0) {
    const old = Array.isArray(dashboard.rows);
    refuse(
      ["dashboard"],
      old
        ? OLD
        : "This is no dashboard of Grafana's with panels; of its V2 model, export the classic one.",
    );
    return found;
  }
  if (panels.length > MOST_PANELS) {
    refuse(["dashboard", "panels"], `There are ${panels.length} panels; at most ${MOST_PANELS}.`);
    return found;
  }
  found.issues.push(...shapeIssues(dashboard, panels));
  if (found.issues.length > 0) return found;
  checkPanels(dashboard, found);
  if (found.issues.length === 0 && !panels.some(asksRows)) refuse(["dashboard", "panels"], SILENT);
  checkNames(dashboard, found);
  for (const [path, text] of textsIn(dashboard, ["dashboard"])) {
    if (!isStorable(text)) refuse(path, "A NUL or half of a character cannot be kept.");
  }
  return found;
}

const SILENT = "No panel asks the table for anything: its board would be empty.";
const OLD = "This is a dashboard of before Grafana 5 (`rows`): save it once in a newer Grafana.";

function checkPanels(dashboard: JsonObject, found: Findings) {
  const places = new Map<unknown, string>();
  for (const [i, panel] of listOf(dashboard.panels).entries()) {
    if (!isObject(panel)) {
      found.issues.push(issueAt(["dashboard", "panels", i], "This is no panel."));
    }
  }
  for (const one of panelsIn(dashboard)) {
    const { panel, path } = one;
    const refuse = (field: string, message: string) =>
      found.issues.push(issueAt([...path, field], message));
    const warn = (field: string, message: string) =>
      found.warnings.push(issueAt([...path, field], message));
    const { id, type } = panel;
    if (!Number.isSafeInteger(id) || Number(id) < 1) {
      refuse("id", "An id is a whole number from 1.");
    }
    const first = places.get(id);
    if (first) refuse("id", `The id ${id} is taken by ${first}: each panel has its own.`);
    else places.set(id, path.join("."));
    if (typeof type !== "string" || type === "") refuse("type", "A panel has a type.");
    else if (!DRAWN.has(type)) {
      warn("type", `The built-in board does not draw panels of the kind ${type.slice(0, 50)}.`);
    }
    const place = faultOfPlace(panel.gridPos);
    if (place) refuse("gridPos", place);
    const asked = targetsOf(one).filter(({ target }) => !target.hide);
    if (asked.length > 1) warn("targets", "The built-in board draws the first that has rows.");
    for (const [field, message] of Object.entries(IN_GRAFANA)) {
      if (Array.isArray(panel[field]) ? panel[field].length : panel[field]) warn(field, message);
    }
    for (const { target, path } of targetsOf(one)) {
      checkTarget({ datasource: panel.datasource ?? null, ...target }, path, found);
    }
  }
}

/** What the built-in board does not draw. */
const IN_GRAFANA = {
  transformations: "The built-in board shows the rows as the query answers them.",
  repeat: "The built-in board draws this panel once.",
};

/** Whether a panel queries the table for visible rows. */
const asksRows = (one: { panel: JsonObject; path: Path }) =>
  targetsOf(one).some(({ target: { rawSql, hide } }) => typeof rawSql === "string" && !hide);

function faultOfPlace(place: unknown): string | undefined {
  const { x, y, w, h } = (place ?? {}) as Record<string, unknown>;
  if (![x, y, w, h].every((n) => Number.isSafeInteger(n))) {
    return "A panel's place is four whole numbers: x, y, w and h.";
  }
  const [left, top, width, height] = [x, y, w, h] as [number, number, number, number];
  if (left < 0 || width < 1 || left + width > 24) return "The grid has 24 columns: x + w is more.";
  if (top < 0 || height < 1 || top + height > 10_000) return "The place is not on the board.";
}

const asksTable = ({ datasource }: JsonObject) =>
  isObject(datasource) && datasource.uid === "${datasource}";

function checkTarget(target: JsonObject, path: Path, found: Findings) {
  const at = [...path, "rawSql"];
  const { rawSql, datasource } = target;
  if (typeof rawSql !== "string" || rawSql.trim() === "") {
    if (asksTable(target) || !isObject(datasource)) {
      found.issues.push(issueAt(at, "A panel's question needs its SQL: switch it to code."));
    } else {
      found.warnings.push(issueAt(path, "This asks another data source than the table's."));
    }
    return;
  }
  const fault = rawSql.length > MOST_QUERY
    ? `A query may have at most ${MOST_QUERY} characters.`
    : faultOfQuery(rawSql);
  if (fault) found.issues.push(issueAt(at, fault));
}

/** A placeholder or variable. Without limits, 2 MiB of `${a${a…` took minutes. */
const NAMED = /\$\{(\w{1,100})[^{}]{0,100}\}/g;
const OURS = ["table", "schema", "datasource"];

/** Unknown placeholders, and variables that hide ours. */
function checkNames(dashboard: JsonObject, { issues }: Findings) {
  const templating = isObject(dashboard.templating) ? listOf(dashboard.templating.list) : [];
  const variables = new Set<unknown>();
  for (const [i, variable] of templating.entries()) {
    if (!isObject(variable)) continue;
    variables.add(variable.name);
    const at = ["dashboard", "templating", "list", i];
    const { type, query } = variable;
    const fault = type === "query" && typeof query === "string" && asksTable(variable)
      ? faultOfQuery(query)
      : undefined;
    if (fault) issues.push(issueAt([...at, "query"], fault));
    if (variable.name !== "table" && variable.name !== "schema") continue;
    const path = [...at, "name"];
    issues.push(
      issueAt(path, `"${variable.name}" is a placeholder: give the variable another name.`),
    );
  }
  for (const [path, text] of textsIn(dashboard, ["dashboard"])) {
    for (const [whole, name] of text.matchAll(NAMED)) {
      const formatted = OURS.includes(name!) && whole !== `\${${name}}`;
      const known = OURS.includes(name!) || variables.has(name) || name!.startsWith("__");
      if (known && !formatted) continue;
      const message = formatted
        ? `Write \${${name}} without a format: it is filled in when the board is made.`
        : `There is no placeholder \${${
          name!.slice(0, 50)
        }}: there are \${table}, \${schema}, \${datasource} and the dashboard's variables.`;
      issues.push(issueAt(path, message));
    }
  }
}
