import type { Dashboard } from "../boards/compose.ts";
import type { Sql } from "../external/postgres.ts";
import { CAPTURE_HEADER, signCapture } from "./board_access.ts";
import { type Claim, findBoard } from "./store.ts";

export type Deps = {
  db: Sql;
  signingKey: CryptoKey;
  /** `base_url`: where the browser reaches this service. */
  capture: { base_url: string };
};

/** What is filmed: a page, the headers that go to its origin alone, and the dashboard that it shows. */
export type Scene = { url: string; headers: Record<string, string>; dashboard: Dashboard };

/** Where a claimed row's dashboard is to be seen. */
export async function sceneOf({ db, signingKey, capture }: Deps, claim: Claim): Promise<Scene> {
  const { id, claim_id } = claim;
  const dashboard = (await findBoard(db, id))?.board as Dashboard | null | undefined;
  if (!dashboard) throw new Error(`dashboard ${id} has no board`);
  return {
    url: `${capture.base_url}/boards/${id}`,
    headers: { [CAPTURE_HEADER]: await signCapture(signingKey, id, claim_id) },
    dashboard,
  };
}
