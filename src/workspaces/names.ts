export const KINDS = ["timing", "qor", "drc"] as const;
export type Kind = typeof KINDS[number];

export const databaseName = (username: string, kind: Kind) => `${username}_${kind}`;
export const ownerRole = (username: string) => `${username}_owner`;
export const readerRole = (username: string) => `${username}_reader`;
export const urlCredential = (kind: Kind) => `${kind.toUpperCase()}_DATABASE_URL`;

export const datasourceStep = (kind: Kind) => `datasource_${kind}`;

export function databases(username: string): Record<Kind, string> {
  return {
    timing: databaseName(username, "timing"),
    qor: databaseName(username, "qor"),
    drc: databaseName(username, "drc"),
  };
}

/** At most 40 of a-z, 0-9 and -, as later versions of Grafana require. */
export const folderUid = (installation: string, user_id: number) => `dk-${installation}-${user_id}`;
export const archiveUid = (installation: string, user_id: number) =>
  `${folderUid(installation, user_id)}-archive`;
export const datasourceUid = (installation: string, user_id: number, kind: Kind) =>
  `${folderUid(installation, user_id)}-${kind}`;
export const dashboardUid = (installation: string, dashboard_id: number) =>
  `dk-${installation}-d${dashboard_id}`;
