import { zValidator } from "@hono/zod-validator";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { BoardPage } from "../../views/board.tsx";
import { BoardHeader } from "../../views/board_header.tsx";
import type { Dashboard } from "../boards/compose.ts";
import { runPanel } from "../boards/query.ts";
import { AppError, refuse } from "../errors.ts";
import { Id } from "../users/paging.ts";
import type { Env, Who } from "../who.ts";
import { withReader } from "../workspaces/reader.ts";
import type { Deps as WorkspaceDeps } from "../workspaces/workspaces.ts";
import { CAPTURE_HEADER, isCapture, isLink } from "./board_access.ts";
import { findBoard } from "./store.ts";

export type Deps = WorkspaceDeps & {
  signingKey: CryptoKey;
  /** Who is signed in, if anybody. */
  session: (c: Context) => Promise<Who | undefined>;
};

const BoardId = z.object({ id: Id });
const Panel = z.object({ panel_id: z.int() });

/**
 * Under `/boards`: the built-in board, for a signed-in person who may see the row, for the capturing
 * browser by its token, and for a channel member by the signature in the link.
 */
export function boardPages(deps: Deps) {
  return new Hono<Env>()
    .get("/:id", zValidator("param", BoardId, refuse), async (c) => {
      const { id } = c.req.valid("param");
      const { allowed, signature, who } = await access(deps, c, id);
      if (!allowed && !who) {
        if (signature === undefined && !c.req.header(CAPTURE_HEADER)) {
          return c.redirect(`/sign-in?next=${encodeURIComponent(`/boards/${id}`)}`, 303);
        }
        throw new AppError(
          "link_expired",
          403,
          "This link is not valid any more. Sign in, or ask for a new one.",
        );
      }
      const { board } = await boardFor(deps, id, allowed, who);
      const query = signature ? `?signature=${encodeURIComponent(signature)}` : "";
      c.header("Cache-Control", "no-store");
      const title = board.title ?? "Board";
      const { from = "", to = "" } = board.time ?? {};
      const capturing = c.req.header(CAPTURE_HEADER) !== undefined;
      return c.html(
        <BoardPage
          title={title}
          dashboard={board}
          query_url={`/boards/${id}/query${query}`}
          scripts={{ echarts: "/static/echarts.js", board: "/static/board.js" }}
          styles={["/static/board.css"]}
          header={!capturing && <BoardHeader title={title} from={from} to={to} signed_in={!!who} />}
        />,
      );
    })
    .post("/:id/query", zValidator("param", BoardId, refuse), async (c) => {
      const { id } = c.req.valid("param");
      const { allowed, who } = await access(deps, c, id);
      if (!allowed && !who) throw new AppError("key_missing", 401, "Sign in to see this board.");
      const { board, user_id, kind } = await boardFor(deps, id, allowed, who);
      const panel = Panel.safeParse(await c.req.json().catch(() => undefined));
      if (!panel.success) {
        throw new AppError("invalid_input", 422, "The body must be `{panel_id}`.");
      }
      const answer = await withReader(
        deps,
        user_id,
        kind,
        (reader) => runPanel(reader, board, panel.data.panel_id, c.req.raw.signal),
      );
      c.header("Cache-Control", "no-store");
      return c.json(answer.body, answer.status);
    });
}

/** `allowed`: a token or signature for this board was shown. Otherwise it depends on `who`. */
async function access({ db, signingKey, session }: Deps, c: Context, id: number) {
  const token = c.req.header(CAPTURE_HEADER);
  if (token !== undefined) {
    const row = await findBoard(db, id);
    return { allowed: await isCapture(signingKey, id, row?.claim_id ?? null, token) };
  }
  const signature = c.req.query("signature");
  if (signature !== undefined && await isLink(signingKey, id, signature)) {
    return { allowed: true, signature };
  }
  return { allowed: false, signature, who: await session(c) };
}

async function boardFor({ db }: Deps, id: number, allowed: boolean, who: Who | undefined) {
  const row = await findBoard(db, id);
  const mayRead = allowed || who?.role === "admin" || who?.user_id === row?.user_id;
  if (!row || !mayRead) throw new AppError("dashboard_unknown", 404, "There is no such dashboard.");
  if (!row.board) throw new AppError("board_unknown", 404, "This board has not been drawn yet.");
  return { ...row, board: row.board as Dashboard };
}
