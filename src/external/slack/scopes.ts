/** Without one of these no run can be posted. */
export const SCOPES = ["chat:write", "files:write", "files:read", "channels:history"] as const;

/** For the checks of a channel, private channels, commands and unfurled links. */
export const FURTHER_SCOPES = [
  "channels:read",
  "groups:read",
  "groups:history",
  "commands",
  "links:read",
  "links:write",
] as const;
