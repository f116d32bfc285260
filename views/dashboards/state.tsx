import type { z } from "@hono/zod-openapi";
import type { Dashboard } from "../../src/dashboards/listing.ts";
import type { WithShown } from "../../src/measures/format.ts";
import { type Mark, Progress, Time } from "../parts/show.tsx";

export type Row = WithShown<z.infer<typeof Dashboard>>;

export const KINDS = { timing: "Timing", qor: "QoR", drc: "DRC" };
export const STEPS = {
  create: "Creating dashboard",
  capture: "Capturing",
  notify: "Posting to Slack",
  done: "Done",
};
export const STATES = { ...STEPS, attention: "Needs attention" };

export const nameOf = ({ schema_name, table_name }: Pick<Row, "schema_name" | "table_name">) =>
  schema_name === "public" ? table_name : `${schema_name}.${table_name}`;

/** The code of a row that waits for something under way. */
const WAITS = "browser_installing";

/** It is not due yet, or needs something under way: no attempt has failed. */
const waits = ({ stopped, step, last_error, error_code, failures }: Row) =>
  !stopped && step !== "done" && last_error !== null && (failures === 0 || error_code === WAITS);

const WAITING = {
  create: "Waiting to create the dashboard",
  capture: "Waiting for the browser",
  notify: "Waiting to post to Slack",
};

export function state(row: Row): { mark: Mark; text: string } {
  const { step, stopped, archived_at, last_error, slack_sent_at, waits_for } = row;
  if (archived_at) return { mark: "idle", text: "Archived: its table is gone or ignored" };
  if (stopped) return { mark: "bad", text: `Needs attention: ${STEPS[step]}` };
  if (step === "done") {
    if (waits_for) return { mark: "busy", text: "Waiting for writes" };
    return { mark: "good", text: slack_sent_at ? "Done, posted to Slack" : "Done" };
  }
  if (waits(row)) return { mark: "busy", text: WAITING[step] };
  if (last_error) return { mark: "warn", text: `${STEPS[step]}, retrying` };
  return { mark: "busy", text: STEPS[step] };
}

/** Why a row does not move on, or what it waits for. */
export function LastError({ row }: { row: Row }) {
  const { last_error, waits_for, run, step } = row;
  if (!last_error) {
    return waits_for ? <p class="hint">{`Run ${run + 1}: ${waits_for}.`}</p> : null;
  }
  if (waits(row)) return <Progress text={last_error} />;
  return <p class={step === "done" ? "hint" : "fault"}>{last_error}</p>;
}

const PATH = [
  ["Scan", "found_at"],
  ["Create", "numbers_at"],
  ["Capture", "captured_at"],
  ["Notify", "posted_at"],
] as const;
const ORDER = ["scan", "create", "capture", "notify", "done"];

/** The run's path through the steps, with the time of each that is behind it; `short`: on hover. */
export function Path({ row, short = false }: { row: Row; short?: boolean }) {
  const here = ORDER.indexOf(row.step);
  return (
    <ol class="path" aria-label="Steps of this run">
      {PATH.map(([text, field], i) => {
        const at = i < here ? row[field] : null;
        const current = i === here;
        const mark = i < here ? "good" : current ? state(row).mark : "idle";
        const tries = current && row.failures > 0 ? `, attempt ${row.failures + 1}` : "";
        return (
          <li
            class={`state ${mark}`}
            aria-current={current ? "step" : undefined}
            title={short && at ? `${at.slice(0, 16).replace("T", " ")} UTC` : undefined}
          >
            {text + tries}
            {at && !short && (
              <>
                {" "}
                <Time at={at} />
              </>
            )}
          </li>
        );
      })}
    </ol>
  );
}
