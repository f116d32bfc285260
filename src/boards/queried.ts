import type { Dashboard } from "./compose.ts";

/**
 * A panel of a dashboard's page. `hasQuery`: it asks a data source for rows; `isRepeated`: the page may
 * show it several times, once for each value of a variable.
 */
export type ShownPanel = { id: number; title: string; hasQuery: boolean; isRepeated?: boolean };

/** Panel types that never query (`skipDataQuery` in their plugin.json), whatever targets their JSON holds. */
const NEVER_QUERY = [
  ...["text", "news", "dashlist", "annolist", "alertlist", "alertGroups", "live", "welcome"],
  ...["gettingstarted", "pluginlist"],
];
const MIXED = "-- Mixed --";
/** Query types that the data source "-- Grafana --" answers in the page itself. */
const IN_PAGE = ["snapshot", "measurements", "liveMeasurements"];
/** Where each data source keeps its query's text: a target that has none is left out. */
const TEXTS = ["rawSql", "expr"];

type Source = { uid?: string; type?: string } | string | null | undefined;
type Target = { hide?: boolean; datasource?: Source; queryType?: string } & Record<string, unknown>;
/** A panel as it may come from a Grafana, not only from us. */
type AnyPanel = {
  id?: number;
  title?: string;
  type?: string;
  repeat?: string;
  datasource?: Source;
  targets?: Target[];
  snapshotData?: unknown[];
};

/** The panels that the dashboard's page mounts: rows are none, nor are the panels of collapsed rows. */
export function shownPanels(dashboard: Dashboard): ShownPanel[] {
  let isRowRepeated = false;
  return panelsOf(dashboard).flatMap((panel) => {
    const { id, title = "", type, repeat } = panel;
    if (type === "row") isRowRepeated = Boolean(repeat);
    if (id === undefined || type === "row") return [];
    return [{ id, title, hasQuery: hasQuery(panel), isRepeated: isRowRepeated || Boolean(repeat) }];
  });
}

/** The ids of the panels that ask for rows. */
export function queriedPanels(dashboard: Dashboard): number[] {
  return shownPanels(dashboard).flatMap(({ id, hasQuery }) => hasQuery ? [id] : []);
}

const panelsOf = ({ panels = [] }: Dashboard) => panels as unknown as AnyPanel[];

function hasQuery({ type = "", targets, datasource, snapshotData }: AnyPanel): boolean {
  if (NEVER_QUERY.includes(type) || (snapshotData?.length ?? 0) > 0) return false;
  return (targets ?? []).some((target) => !target.hide && isSent(target, uidOf(datasource)));
}

/** A panel's own source wins over that of its targets, but for a mixed one. */
function isSent(target: Target, panelSource: string | undefined): boolean {
  const own = uidOf(target.datasource);
  const source = panelSource === undefined || panelSource === MIXED ? own : panelSource;
  if (source === "-- Dashboard --") return false;
  if (source === "-- Grafana --" || source === "grafana") {
    return !IN_PAGE.includes(target.queryType ?? "");
  }
  return !TEXTS.some((name) => typeof target[name] === "string" && target[name].trim() === "");
}

const uidOf = (source: Source) => typeof source === "string" ? source : source?.uid;
