import type { Tokens } from "./tokens.ts";

export type Datasource = {
  id: number;
  uid: string;
  name: string;
  type: string;
  access: string;
  /** host:port */
  url: string;
  user: string;
  database: string;
  isDefault: boolean;
  jsonData: { database?: string; sslmode?: string; [key: string]: unknown };
  secureJsonData: { password?: string; [key: string]: unknown };
  version: number;
};

export type AclItem = { role: "Editor" | "Viewer"; permission: 1 | 2 | 4 };
export type Folder = {
  id: number;
  uid: string;
  title: string;
  version: number;
  created: string;
  updated: string;
  acl: AclItem[];
};

export type PanelJson = { id: number; [key: string]: unknown };
export type DashboardJson = {
  id?: number | null;
  uid?: string | null;
  title?: string;
  tags?: string[];
  version?: number;
  panels?: PanelJson[];
  [key: string]: unknown;
};
export type Dashboard = {
  id: number;
  uid: string;
  title: string;
  /** "" is General. */
  folderUid: string;
  /** Made in General: roles have rights on itself. One that was moved there has none but its folder's. */
  madeInGeneral: boolean;
  version: number;
  created: string;
  updated: string;
  json: DashboardJson;
  /** Oldest first. */
  history: { version: number; created: string; message: string; json: DashboardJson }[];
};

/** What this Grafana holds, and what its addresses begin with ("" or "/grafana"). */
export type State = {
  subPath: string;
  version: "9.4" | "13";
  isBusy: boolean;
  tokens: Tokens;
  datasources: Map<string, Datasource>;
  folders: Map<string, Folder>;
  dashboards: Map<string, Dashboard>;
  nextId(): number;
  /** Fires when the server stops: what is under way is given up. */
  ended: AbortSignal;
};

/** An answer that ends the work on a request. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly body: Record<string, unknown>) {
    super(String(body.message));
  }
}

/** "Timing paths_r1" -> "timing-paths-r1": part of an address, and by what Grafana 9.4 compares titles. */
export const slugOf = (title: string) =>
  title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "-";

export const dashboardUrl = ({ subPath }: State, { uid, title }: { uid: string; title: string }) =>
  `${subPath}/d/${uid}/${slugOf(title)}`;

export const folderUrl = ({ subPath }: State, { uid, title }: { uid: string; title: string }) =>
  `${subPath}/dashboards/f/${uid}/${slugOf(title)}`;

/** Now, as 9.4 gives it back: without a fraction of a second. */
export const seconds = () => new Date().toISOString().replace(/\.\d+Z/, "Z");

export const newUid = () => crypto.randomUUID().replaceAll("-", "").slice(0, 10);

/** Throws Refusal where Grafana does not take the uid of a folder or a dashboard. */
export function checkUid(uid: string) {
  if (!/^[\w-]*$/.test(uid)) {
    throw new Refusal(400, { message: "uid contains illegal characters" });
  }
  if (uid.length > 40) throw new Refusal(400, { message: "uid too long, max 40 characters" });
}
