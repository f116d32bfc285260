import type { ChannelRow } from "../channel/rows.ts";

/** The pages of a dashboard: its built-in board, its page and its preview. */
const OWN =
  /^\/(?:boards\/(\d{1,15})|dashboards\/(\d{1,15})|api\/v1\/dashboards\/(\d{1,15})\/preview\.\w+)\/?$/;
const IN_GRAFANA = /^(.*\/d\/[\w-]{1,80})(?:\/|$)/;

/** The dashboard that a link leads to, by our own addresses and those of the rows in Grafana. */
export function findLinked(
  frontend_url: string,
  rows: ChannelRow[],
  link: string,
): ChannelRow | undefined {
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (!url) return undefined;
  const id = ownId(new URL(frontend_url), url);
  if (id !== undefined) return rows.find((row) => row.id === id);
  const place = placeInGrafana(url);
  return rows.find((row) => place !== undefined && placesOf(row).includes(place));
}

/** A row's address in Grafana, as people open it and as we call it. */
function placesOf({ grafana_url, grafana_base }: ChannelRow): string[] {
  const shown = grafana_url && URL.canParse(grafana_url) && placeInGrafana(new URL(grafana_url));
  if (!shown) return [];
  if (!grafana_base || !URL.canParse(grafana_base)) return [shown];
  const { origin, pathname } = new URL(grafana_base);
  const uid = shown.slice(shown.lastIndexOf("/d/"));
  return [shown, origin + pathname.replace(/\/+$/, "") + uid];
}

function ownId(frontend: URL, { origin, pathname }: URL): number | undefined {
  const base = frontend.pathname.replace(/\/+$/, "");
  if (origin !== frontend.origin || !pathname.startsWith(base)) return undefined;
  const id = OWN.exec(pathname.slice(base.length))?.slice(1).find(Boolean);
  return id === undefined ? undefined : Number(id);
}

/** Its address up to the dashboard's uid: what follows is a name and a view. */
function placeInGrafana({ origin, pathname }: URL): string | undefined {
  const path = IN_GRAFANA.exec(pathname)?.[1];
  return path === undefined ? undefined : origin + path;
}
