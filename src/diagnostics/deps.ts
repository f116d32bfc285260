import type { SealKeys } from "../credentials/seal.ts";
import type { SealedColumn } from "../credentials/sealed.ts";
import type { Browser } from "../external/browser/browser.ts";
import type { Sql } from "../external/postgres/postgres.ts";
import type { SocketState } from "../external/slack/socket/sockets.ts";
import type { Deps as GrafanaDeps } from "../grafana/grafana.ts";
import type { Deps as TargetDeps } from "../pipeline/notify/target.ts";
import type { Servers } from "../workspaces/servers.ts";

export type State = "ok" | "warning" | "failed";
/** `fix` is null where the state is ok. */
export type Result = { state: State; message: string; fix: string | null };

export type Deps = GrafanaDeps & TargetDeps & {
  db: Sql;
  sealKeys: SealKeys;
  servers: Servers;
  browser: Pick<Browser, "state" | "withPage">;
  installation: string;
  /** Undefined: in another process, or there is none. */
  socket_mode?: (() => SocketState) | undefined;
  diagnosis: Settings;
};

export type Settings = {
  data_dir: string;
  /** The database is the embedded one. */
  embedded: boolean;
  gif_dir?: string | undefined;
  /** The service as the browser reaches it. */
  base_url: string;
  /** A workspace over this size is named. */
  warn_bytes: number;
  sealed_columns: SealedColumn[];
  /** Results known beforehand, by check: what the doctor could not open. */
  known?: Partial<Record<string, Result>>;
  /** What is wrong with the environment, each with the variable's name. */
  faults?: string[];
  /** The service's address, where this is another process. */
  service_url?: string;
  now?: () => number;
};
