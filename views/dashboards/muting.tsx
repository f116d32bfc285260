import { Form } from "../parts/form.tsx";
import { usePage } from "../parts/page.tsx";
import { Time } from "../parts/show.tsx";
import { Action } from "./actions.tsx";
import { nameOf, type Row } from "./state.tsx";

const DURATIONS = { day: "for a day", week: "for a week", good: "for good" };

function MuteForm({ row }: { row: Row }) {
  const label = `How long to mute ${nameOf(row)}`;
  return (
    <Form action={`/dashboards/${row.id}/mute`} class="actions">
      <select name="for" aria-label={label} hx-morph-skip>
        {Object.entries(DURATIONS).map(([value, text]) => <option value={value}>{text}</option>)}
      </select>
      <button class="plain" type="submit" aria-label={`Mute: ${nameOf(row)}`}>Mute</button>
    </Form>
  );
}

/** What is shown of a row in Slack, and can be done there as well. */
export function MutingActions({ row, is_worse }: { row: Row; is_worse: boolean }) {
  if (!usePage().mayChange(row)) return null;
  return (
    <>
      {is_worse && <Action row={row} what="acknowledge" text="Acknowledge" from="row" />}
      {row.muted_by
        ? <Action row={row} what="unmute" text="Unmute" from="row" />
        : <MuteForm row={row} />}
    </>
  );
}

/** Who muted it and until when, and who acknowledged its run. */
export function MutingState({ row }: { row: Row }) {
  const { muted_by, muted_until, acknowledged_by, acknowledged_at } = row;
  return (
    <>
      {muted_by && (
        <p class="hint">
          {muted_until ? "Muted until " : "Muted for good"}
          {muted_until && <Time at={muted_until} exact />}
          {` by ${muted_by}: its runs are not posted.`}
        </p>
      )}
      {acknowledged_by && acknowledged_at && (
        <p class="hint">
          {`Acknowledged by ${acknowledged_by}, `}
          <Time at={acknowledged_at} exact />
        </p>
      )}
    </>
  );
}
