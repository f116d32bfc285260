import { signLink } from "../../boards/access.ts";

export type Deps = { signingKey: CryptoKey; frontend_url: string; board_link_days: number };

/** The address of a dashboard that a channel member can open. */
export async function linkTo(
  { signingKey, frontend_url, board_link_days }: Deps,
  { id, grafana_url }: { id: number; grafana_url: string | null },
): Promise<string> {
  if (grafana_url) return grafana_url;
  const signature = await signLink(signingKey, id, board_link_days);
  return `${frontend_url}/boards/${id}?signature=${signature}`;
}
