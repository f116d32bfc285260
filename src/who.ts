/** Who is asking. `from` is the address that the request came from. */
export type Who = {
  user_id: number;
  username: string;
  role: "admin" | "member";
  from: string;
};

/** What every request carries on its way. */
export type Env = { Variables: { who: Who; request_id: string } };
