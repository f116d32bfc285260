import { AppError } from "./errors.ts";

/** Who is asking. `from` is the address that the request came from. */
export type Who = {
  user_id: number;
  username: string;
  role: "admin" | "member";
  from: string;
  /** May read the dashboards of others: MEMBERS_SEE=all. */
  sees_all?: boolean;
  /** The session that is asking, where it is one. */
  session_id?: number;
};
export type MembersSee = "own" | "all";

/** What every request carries on its way. `key_expires_at`: of the API key that was shown, if any. */
export type Env = {
  Variables: { who: Who; request_id: string; key_expires_at?: string | null };
};

/** Whether `who` may read all dashboards, boards and previews. */
export const maySeeAll = ({ role, sees_all = false }: Who): boolean => role === "admin" || sees_all;

/** Whether `who` may read a dashboard of this owner. */
export const maySee = (who: Who, owner: { user_id: number }): boolean =>
  maySeeAll(who) || who.user_id === owner.user_id;

/** Whether `who` may change a dashboard of this owner. */
export const mayChange = ({ role, user_id }: Who, owner: { user_id: number }): boolean =>
  role === "admin" || user_id === owner.user_id;

/** Throws 403 unless an admin is asking. */
export function adminOnly({ role }: Who): void {
  if (role !== "admin") throw new AppError("admin_only", 403, "Only an admin may do this.");
}
