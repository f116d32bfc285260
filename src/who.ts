import { AppError } from "./errors.ts";

/** Who is asking. `from` is the address that the request came from. */
export type Who = {
  user_id: number;
  username: string;
  role: "admin" | "member";
  from: string;
  /** The session that is asking, where it is one. */
  session_id?: number;
};

/** What every request carries on its way. `key_expires_at`: of the API key that was shown, if any. */
export type Env = {
  Variables: { who: Who; request_id: string; key_expires_at?: string | null };
};

/** Throws 403 unless an admin is asking. */
export function adminOnly({ role }: Who): void {
  if (role !== "admin") throw new AppError("admin_only", 403, "Only an admin may do this.");
}
