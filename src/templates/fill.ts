import type { BoardIdentity, Dashboard } from "../boards/compose.ts";
import type { DataSource } from "../boards/query_builder.ts";
import { changed, isObject, type Json, type JsonObject, listOf, panelsIn } from "./json.ts";
import { type Named, nameTable } from "./sql.ts";

/** Grafana's names of its PostgreSQL source, by version. */
const POSTGRES = /^(?:grafana-postgresql-datasource|postgres)$/;

/** The table's own source in a stored template. */
const OWN = { type: "postgres", uid: "${datasource}" };

/**
 * Grafana's export as stored: drops `__inputs`, `__requires`, id, uid and version, fills constants, names
 * `${datasource}`, and gives ids to panels and queries without one.
 */
export function cleanExport(exported: JsonObject): JsonObject {
  const { __inputs, __requires, id: _id, uid: _uid, version: _version, ...kept } = exported;
  const values = new Map<string, string>();
  for (const { name, type, pluginId, value } of listOf(__inputs).filter(isObject)) {
    if (typeof name !== "string") continue;
    if (type === "datasource" && POSTGRES.test(String(pluginId))) values.set(name, OWN.uid);
    if (type === "constant" && typeof value === "string") values.set(name, value);
  }
  const dashboard = changed(
    kept,
    (value) =>
      typeof value === "string"
        ? value.replace(/\$\{(\w+)\}/g, (written, name) => values.get(name) ?? written)
        : undefined,
  );
  return withIds(withSources(dashboard) as JsonObject);
}

/** The first unused refId of A, B, …. */
function withLetters(targets: Json[]): Json[] {
  const letters = [...Array(26)].map((_, i) => String.fromCharCode(65 + i));
  const taken = new Set(targets.map((target) => isObject(target) && target.refId));
  const free = letters.filter((letter) => !taken.has(letter));
  return targets.map((target) =>
    isObject(target) && !target.refId ? { ...target, refId: free.shift() ?? "" } : target
  );
}

function withIds(dashboard: JsonObject): JsonObject {
  if (!Array.isArray(dashboard.panels)) return dashboard;
  const numbers = panelsIn(dashboard).map(({ panel: { id } }) =>
    Number.isInteger(id) ? Number(id) : 0
  );
  let next = Math.max(0, ...numbers);
  const given = (panels: Json[]): Json[] =>
    panels.map((panel) => {
      if (!isObject(panel)) return panel;
      const whole: JsonObject = { ...panel, id: panel.id ?? ++next };
      if (Array.isArray(panel.targets)) whole.targets = withLetters(panel.targets);
      return Array.isArray(panel.panels) ? { ...whole, panels: given(panel.panels) } : whole;
    });
  return { ...dashboard, panels: given(dashboard.panels) };
}

function withSources(value: Json): Json {
  if (Array.isArray(value)) return value.map(withSources);
  if (!isObject(value)) return value;
  const inside = Object.entries(value).map(([name, one]) =>
    [name, name === "datasource" ? one : withSources(one)] as const
  );
  return { ...Object.fromEntries(inside), ...(asksOwn(value) ? { datasource: OWN } : {}) };
}

/** Whether a panel, question or variable asks the table's own source: it says so, or asks by SQL and names none of another kind. */
function asksOwn(holder: JsonObject): boolean {
  const source = holder.datasource ?? {};
  const uid = typeof source === "string" ? source : isObject(source) ? source.uid : undefined;
  if (uid === "${datasource}" || uid === "$datasource") return true;
  if (typeof uid === "string" && /^-- .* --$/.test(uid)) return false; // Mixed, Dashboard, Grafana
  const type = isObject(source) ? source.type : undefined;
  if (typeof type === "string") return POSTGRES.test(type);
  return typeof holder.rawSql === "string" || holder.type === "query" && "query" in holder ||
    listOf(holder.targets).some((target) => isObject(target) && typeof target.rawSql === "string");
}

/** Fields with SQL: of a panel's query, an annotation, a variable. */
const holdsSql = (name: string, holder: JsonObject) =>
  /^raw(?:Sql|Query)$/.test(name) ||
  /^(?:query|definition)$/.test(name) && holder.type === "query";

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Fills the table's names into a text, encoded for an address, a page, or as they are. */
function fillText(text: string, field: string, named: Named, source: DataSource): string {
  const write = field === "url"
    ? encodeURIComponent
    : field === "content"
    ? escapeHtml
    : (text: string) => text;
  const values: Record<string, string> = { ...named, datasource: source.uid };
  return text.replace(/\$\{(table|schema|datasource)\}/g, (_, name) => write(values[name]!));
}

/** The board of one table from a template: its names filled in; address, title, tags and time range are ours. */
export function fillTemplate(
  template: JsonObject,
  named: Named,
  { uid, title, tags, datasource }: BoardIdentity,
  time: { from: string; to: string },
): Dashboard {
  const filled = changed(template, (value, name, holder) => {
    if (isObject(value)) return value.uid === OWN.uid ? { ...datasource } : undefined;
    if (typeof value !== "string") return undefined;
    if (name === "datasource" && value === OWN.uid) return { ...datasource };
    return holdsSql(name, holder)
      ? nameTable(value, named)
      : fillText(value, name, named, datasource);
  }) as JsonObject;
  const own = { uid, title, tags, time };
  return { schemaVersion: 39, ...filled, ...own } as unknown as Dashboard;
}

type Placed = NonNullable<Dashboard["panels"]>[number];
const topOf = ({ gridPos }: Placed) => gridPos?.y ?? 0;
const endOf = (panel: Placed) => topOf(panel) + (panel.gridPos?.h ?? 0);
const movedDown = (panel: Placed, by: number): Placed =>
  ({ ...panel, gridPos: { ...panel.gridPos!, y: topOf(panel) + by } }) as Placed;

/** The board with its folded rows open, what is below them moved down: the built-in board opens none. */
export function unfolded(board: Dashboard): Dashboard {
  let down = 0;
  const panels = (board.panels ?? []).toSorted((a, b) => topOf(a) - topOf(b)).flatMap((panel) => {
    const moved = movedDown(panel, down);
    const inside = panel.type === "row" && "panels" in panel ? panel.panels ?? [] : [];
    if (inside.length === 0) return [moved];
    const top = Math.min(...inside.map(topOf));
    down += Math.max(...inside.map(endOf)) - top;
    return [
      { ...moved, collapsed: false, panels: [] } as Placed,
      ...inside.map((one) => movedDown(one, endOf(moved) - top)),
    ];
  });
  return { ...board, panels };
}
