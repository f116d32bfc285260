import { z } from "zod";
import { ExternalError } from "../../errors.ts";
import { type Asked, NONE, rowsIn } from "../channel/rows.ts";
import type { Answer, Deps, Handler } from "../envelope.ts";
import { withoutImages } from "../channel/fit.ts";
import { COMMAND, helpAnswer } from "./help.ts";
import { latestAnswer } from "./latest.ts";
import { statusAnswer } from "./status.ts";
import { worstAnswer } from "./worst.ts";

const Id = z.string().regex(/^\w{1,100}$/);
const Command = z.object({ team_id: Id, channel_id: Id, text: z.string().default("") });

/** Answers a slash command, to the person who typed it alone. */
export const handleCommand: Handler = async (deps, { app, payload, respond }, signal) => {
  const { data } = Command.safeParse(payload);
  if (!data) return;
  const asked = { team: data.team_id, channel: data.channel_id, user_id: app.user_id };
  const answer = await answerTo(deps, asked, data.text, signal);
  try {
    await respond({ response_type: "ephemeral", ...answer });
  } catch (error) {
    const plain = withoutImages(answer);
    if (!(error instanceof ExternalError && error.permanent) || !plain) throw error;
    await respond({ response_type: "ephemeral", ...plain });
  }
};

/** The answer to the text after the command. Throws ExternalError where it is to be tried again. */
export async function answerTo(
  deps: Deps,
  asked: Asked,
  text: string,
  signal: AbortSignal,
): Promise<Answer> {
  const [, word = "", rest = ""] = /^\s*(\S*)\s*(.*?)\s*$/s.exec(unescaped(text))!;
  const command = word.toLowerCase();
  if (!["status", "latest", "worst"].includes(command)) {
    const isKnown = command === "" || command === "help";
    return helpAnswer(isKnown ? "" : `${COMMAND} has no command of this name.`);
  }
  const rows = await rowsIn(deps, asked);
  if (rows.length === 0) return { text: NONE };
  if (command === "status") return statusAnswer(deps, rows);
  if (command === "worst") return await worstAnswer(deps, rows);
  return await latestAnswer(deps, asked, rows, unquoted(rest), signal);
}

/** As typed: Slack escapes these three. */
const unescaped = (text: string) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const unquoted = (text: string) => text.replace(/^(["'`“‘])(.+)(["'`”’])$/s, "$2");
