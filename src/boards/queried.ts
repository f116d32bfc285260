import type { Dashboard } from "./compose.ts";

/** `hasQuery`: sends a query to a data source; `isRepeated`: shown once per value of a variable. */
export type ShownPanel = { id: number; title: string; hasQuery: boolean; isRepeated?: boolean };

/** Panel types with `skipDataQuery` in their plugin.json; they ignore targets. */
const NEVER_QUERY = [
  ...["text", "news", "dashlist", "annolist", "alertlist", "alertGroups", "live", "welcome"],
  ...["gettingstarted", "pluginlist"],
];
const MIXED = "-- Mixed --";
/** Queries that the data source "-- Grafana --" answers in the browser. */
const IN_PAGE = ["snapshot", "measurements", "liveMeasurements"];
/** A target without its query text is not sent. */
const TEXTS = ["rawSql", "expr"];

type Source = { uid?: string; type?: string } | string | null | undefined;
type Target = { hide?: boolean; datasource?: Source; queryType?: string } & Record<string, unknown>;
/** A panel of any Grafana version. */
type AnyPanel = {
  id?: number;
  title?: string;
  type?: string;
  repeat?: string;
  datasource?: Source;
  targets?: Target[];
  snapshotData?: unknown[];
};

/** Panels that the page mounts: no rows, and no panels of collapsed rows. */
export function shownPanels(dashboard: Dashboard): ShownPanel[] {
  let isRowRepeated = false;
  return panelsOf(dashboard).flatMap((panel) => {
    const { id, title = "", type, repeat } = panel;
    if (type === "row") isRowRepeated = Boolean(repeat);
    if (id === undefined || type === "row") return [];
    return [{ id, title, hasQuery: hasQuery(panel), isRepeated: isRowRepeated || Boolean(repeat) }];
  });
}

const panelsOf = ({ panels = [] }: Dashboard) => panels as unknown as AnyPanel[];

function hasQuery({ type = "", targets, datasource, snapshotData }: AnyPanel): boolean {
  if (NEVER_QUERY.includes(type) || (snapshotData?.length ?? 0) > 0) return false;
  return (targets ?? []).some((target) => !target.hide && isSent(target, uidOf(datasource)));
}

/** A panel's data source overrides those of its targets, unless it is mixed. */
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
