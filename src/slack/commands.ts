import type { Handler } from "./envelope.ts";

/** Answers a slash command. */
export const handleCommand: Handler = async (_deps, { respond }) => {
  await respond({ text: "Dashkeeper has no commands yet." });
};
