import type { Who } from "../../src/who.ts";
import { PostButton } from "../parts/form.tsx";
import { usePage } from "../parts/page.tsx";
import { nameOf, type Row } from "./state.tsx";

/** True with a table and a board, or a board to come. */
export const canBeTaken = ({ archived_at, stopped, step }: Row) =>
  !archived_at && !(stopped && step === "create");

type ActionProps = { row: Row; what: string; text: string; from?: "row" | undefined };

/** Works without JavaScript; redirects to the page of `from`. */
export function Action({ row, what, text, from }: ActionProps) {
  if (!usePage().mayChange(row)) return null;
  const action = `/dashboards/${row.id}/${what}${from ? `?from=${from}` : ""}`;
  const confirm = `Remove the dashboard of ${nameOf(row)}? Its preview and runs go with it.`;
  return (
    <PostButton
      action={action}
      text={text}
      label={`${text}: ${nameOf(row)}`}
      {...(what === "remove" ? { confirm } : {})}
    />
  );
}

/** What helps a row now: the same buttons in lists and on its page. */
export function Actions({ row, who, from }: { row: Row; who: Who; from?: "row" }) {
  return (
    <>
      {row.stopped && <Action row={row} what="retry" text="Retry" from={from} />}
      {row.error_code === "post_unclear" && (
        <>
          <Action row={row} what="posted" text="It is in the channel" from={from} />
          <Action row={row} what="post" text="Post" from={from} />
        </>
      )}
      {(row.edited || row.outcome === "gone") && !row.archived_at && (
        <Action row={row} what="rewrite" text="Rewrite" from={from} />
      )}
      {canBeTaken(row) && <Action row={row} what="capture" text="Take new preview" from={from} />}
      {who.role === "admin" && <Action row={row} what="remove" text="Remove" />}
    </>
  );
}

/** Chooses a row for the actions on many. */
export function Choice({ row }: { row: Row }) {
  if (!usePage().mayChange(row)) return null;
  return (
    <input
      type="checkbox"
      name="ids"
      value={`${row.id}`}
      form="many"
      hx-morph-skip
      aria-label={`Choose ${nameOf(row)}`}
    />
  );
}
