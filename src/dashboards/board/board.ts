import type { Dashboard } from "../../boards/compose.ts";
import { runPanel, runVariable } from "../../boards/query.ts";
import type { Chosen } from "../../boards/variables.ts";
import { AppError } from "../../errors.ts";
import { DEADLINES, withDeadline } from "../../external/postgres/deadlines.ts";
import type { Db } from "../../external/postgres/postgres.ts";
import { maySee, type Who } from "../../who.ts";
import type { Deps as WorkspaceDeps } from "../../workspaces/reader.ts";
import { isCapture, isLink } from "../../boards/access.ts";
import { withSharedReader } from "./reader.ts";
import { findBoard } from "../../pipeline/board_store.ts";

export type Deps = WorkspaceDeps & { signingKey: CryptoKey };

export type Proof = { token?: string; signature?: string; who?: Who };

/** Throws 401 `key_missing`, 403 `link_expired`, or 404 for another user's row or one without a board. */
export async function openBoard({ db, signingKey }: Deps, id: number, proof: Proof) {
  const { token, signature, who } = proof;
  const row = await findBoard(db, id);
  const held =
    token !== undefined && await isCapture(signingKey, id, row?.claim_id ?? null, token) ||
    signature !== undefined && await isLink(signingKey, id, signature);
  if (!held && !who) {
    if (token === undefined && signature === undefined) {
      throw new AppError("key_missing", 401, "Sign in to see this board.");
    }
    const message = "This link has expired. Sign in, or ask for a new link.";
    throw new AppError("link_expired", 403, message);
  }
  if (!row || !(held || who && maySee(who, row))) {
    throw new AppError("dashboard_unknown", 404, "There is no such dashboard.");
  }
  if (!row.board) throw new AppError("board_unknown", 404, "This board has not been drawn yet.");
  return { ...row, board: row.board as Dashboard };
}

/** Reads as the reader role of the board's owner. */
export async function queryBoard(
  deps: Deps,
  id: number,
  proof: Proof,
  panel_id: number,
  signal: AbortSignal,
  variables: Chosen = {},
) {
  const { board, user_id, kind } = await openBoard(deps, id, proof);
  const work = (reader: Db) => runPanel(reader, board, panel_id, signal, variables);
  return await withDeadline(
    DEADLINES.board,
    () => withSharedReader(deps, user_id, kind, work),
  );
}

export async function queryChoices(
  deps: Deps,
  id: number,
  proof: Proof,
  variable: string,
  signal: AbortSignal,
) {
  const { board, user_id, kind } = await openBoard(deps, id, proof);
  const work = (reader: Db) => runVariable(reader, board, variable, signal);
  return await withDeadline(
    DEADLINES.board,
    () => withSharedReader(deps, user_id, kind, work),
  );
}
