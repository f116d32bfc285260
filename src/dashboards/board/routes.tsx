import { type Context, Hono } from "hono";
import { BoardPage } from "../../../views/board.tsx";
import { BoardHeader } from "../../../views/board_header.tsx";
import { Question } from "../../boards/variables.ts";
import { AppError } from "../../errors.ts";
import { byId, readJsonOf } from "../../http/forms.ts";
import type { Env, Who } from "../../who.ts";
import * as boards from "./board.ts";
import { CAPTURE_HEADER } from "../../boards/access.ts";

export type Deps = boards.Deps & { session: (c: Context) => Promise<Who | undefined> };

/** `/boards`: for a session, the capturing browser's token, or a link's signature. */
export function boardPages(deps: Deps) {
  return new Hono<Env>()
    .get("/:id", byId, async (c) => {
      const { id } = c.req.valid("param");
      const proof = await shown(deps, c);
      if (Object.keys(proof).length === 0) {
        return c.redirect(`/sign-in?next=${encodeURIComponent(`/boards/${id}`)}`, 303);
      }
      const { board } = await boards.openBoard(deps, id, proof);
      const title = board.title ?? "Board";
      const { from = "", to = "" } = board.time ?? {};
      c.header("Cache-Control", "no-store");
      return c.html(
        <BoardPage
          title={title}
          dashboard={board}
          query_url={`/boards/${id}/query`}
          header={!proof.token && (
            <BoardHeader title={title} from={from} to={to} signed_in={proof.who !== undefined} />
          )}
        />,
      );
    })
    .post("/:id/query", byId, async (c) => {
      const { id } = c.req.valid("param");
      const proof = await shown(deps, c);
      if (Object.keys(proof).length === 0) {
        throw new AppError("key_missing", 401, "Sign in to see this board.");
      }
      const question = await readJsonOf(c, Question);
      const { signal } = c.req.raw;
      const answer = "variable" in question
        ? await boards.queryChoices(deps, id, proof, question.variable, signal)
        : await boards.queryBoard(deps, id, proof, question.panel_id, signal, question.variables);
      c.header("Cache-Control", "no-store");
      return c.json(answer.body);
    });
}

async function shown({ session }: Deps, c: Context): Promise<boards.Proof> {
  const token = c.req.header(CAPTURE_HEADER);
  const signature = c.req.query("signature");
  const who = await session(c);
  return {
    ...(token === undefined ? {} : { token }),
    ...(signature === undefined ? {} : { signature }),
    ...(who ? { who } : {}),
  };
}
